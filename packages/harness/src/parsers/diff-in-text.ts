/**
 * The differences in a text in the unified format, without the prose and the fences around them; an empty text where there are
 * none. The numbers in the headers of the hunks say which lines belong to them.
 */
export function diffIn(text: string): string {
  const lines = text.replace(/\n$/, "").split("\n");
  const taken: string[] = [];
  let at = 0;
  while (at < lines.length) {
    const end = endOfFile(lines, at);
    if (end === undefined) {
      at += 1;
      continue;
    }
    taken.push(...lines.slice(at, end));
    at = end;
  }
  return taken.length === 0 ? "" : `${taken.join("\n")}\n`;
}

const extendedHeader =
  /^(?:index |old mode |new mode |deleted file mode |new file mode |similarity index |dissimilarity index |rename from |rename to |copy from |copy to |Binary files )/;
const hunkHeader = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;

/** Where the difference of the file ends that begins at `start`; `undefined` where none begins. */
function endOfFile(lines: readonly string[], start: number): number | undefined {
  let at = start;
  const isGit = startsWith(lines, at, "diff --git ");
  if (isGit) {
    at += 1;
    while (extendedHeader.test(lines[at] ?? "")) at += 1;
    if (startsWith(lines, at, "GIT binary patch")) return endOfBinary(lines, at + 1);
  }
  const hasNames =
    startsWith(lines, at, "--- ") &&
    startsWith(lines, at + 1, "+++ ") &&
    hunkHeader.test(lines[at + 2] ?? "");
  if (!hasNames) return isGit && at > start + 1 ? at : undefined;
  at += 2;
  for (let end = endOfHunk(lines, at); end !== undefined; end = endOfHunk(lines, at)) at = end;
  return at;
}

function endOfHunk(lines: readonly string[], start: number): number | undefined {
  const header = hunkHeader.exec(lines[start] ?? "");
  if (header === null) return undefined;
  let before = Number(header[1] ?? 1);
  let after = Number(header[2] ?? 1);
  let at = start + 1;
  while (at < lines.length && (before > 0 || after > 0)) {
    const line = lines[at] ?? "";
    const sign = line[0];
    // A model leaves out the space of an empty line.
    if (sign === " " || sign === undefined || sign === "\r") {
      before -= 1;
      after -= 1;
    } else if (sign === "-") before -= 1;
    else if (sign === "+") after -= 1;
    else if (sign !== "\\") break;
    at += 1;
  }
  return startsWith(lines, at, "\\ ") ? at + 1 : at;
}

/** A binary patch has a part for each direction, and an empty line after each of them. */
function endOfBinary(lines: readonly string[], start: number): number {
  let at = start;
  while (/^(?:literal|delta) \d+\r?$/.test(lines[at] ?? "")) {
    while (at < lines.length && (lines[at] ?? "").trim() !== "") at += 1;
    at += 1;
  }
  return Math.min(at, lines.length);
}

function startsWith(lines: readonly string[], at: number, text: string): boolean {
  return lines[at]?.startsWith(text) === true;
}
