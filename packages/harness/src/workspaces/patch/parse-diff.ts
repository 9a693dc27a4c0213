import { HarnessError } from "../../contract/errors.ts";
import type { FileMode } from "../files/file-state.ts";
import { type PathBytes, pathText } from "../files/path-bytes.ts";
import type { BinaryPatch } from "./binary-patch.ts";
import { unquotePath } from "./unquote-path.ts";

/** What a difference does to one file. */
export interface FilePatch {
  readonly change: "added" | "modified" | "deleted" | "renamed";
  readonly path: PathBytes;
  /** The earlier path of a renamed file. */
  readonly from?: PathBytes;
  readonly oldMode?: FileMode;
  readonly newMode?: FileMode;
  /** Names the content before and after, as git does. Absent where the difference abbreviates it. */
  readonly oldId?: string;
  readonly newId?: string;
  readonly hunks: readonly Hunk[];
  readonly binary?: BinaryPatch;
}

/** A place of a text that changes. */
export interface Hunk {
  /** Such as `@@ -1,3 +1,4 @@`. */
  readonly header: string;
  /** Where it began in the old file, from 1. */
  readonly oldStart: number;
  /** Lines with their line breaks: those that were there, and those that come in their place. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** How many of the first and of the last lines stay as they are. */
  readonly leading: number;
  readonly trailing: number;
}

const MODES: readonly string[] = ["100644", "100755", "120000"];
const MAX_BINARY_BYTES = 1_073_741_824;

/**
 * Reads a difference in the format of `git diff`, one character for each byte. Throws `ATLAS_HARNESS_DIFF_INVALID` for anything else,
 * and for a path that leads out of the folder.
 */
export function parseDiff(diff: string): readonly FilePatch[] {
  const lines = diff.split("\n");
  if (lines.at(-1) === "") lines.pop();
  const patches: FilePatch[] = [];
  let at = 0;
  while (at < lines.length) {
    const { patch, next } = parseFile(lines, at);
    patches.push(patch);
    at = next;
  }
  return patches;
}

/** The error for a text that cannot be applied anywhere. */
export function invalidDiff(reason: string): HarnessError {
  const message = `The difference cannot be applied: ${reason}. Pass the text of a "diff" output as it is.`;
  return new HarnessError("ATLAS_HARNESS_DIFF_INVALID", { reason }, message);
}

function parseFile(
  lines: readonly string[],
  start: number,
): { readonly patch: FilePatch; readonly next: number } {
  const first = lines[start] ?? "";
  const place = `line ${start + 1}`;
  if (!first.startsWith("diff --git ")) throw invalidDiff(`${place} does not begin with "diff --git"`);
  const header = readHeader(lines, start + 1);
  let at = header.next;
  const hunks: Hunk[] = [];
  let binary: BinaryPatch | undefined;
  if (lines[at] === "GIT binary patch") {
    const read = readBinary(lines, at + 1);
    binary = read.binary;
    at = read.next;
  } else {
    while (lines[at]?.startsWith("@@ ")) {
      const read = readHunk(lines, at);
      hunks.push(read.hunk);
      at = read.next;
    }
  }
  if (lines[at]?.startsWith("Binary files "))
    throw invalidDiff(`line ${at + 1} has a binary file without its content`);

  const { fields } = header;
  const from = fields.get("rename from");
  const to = fields.get("rename to");
  if ((from === undefined) !== (to === undefined)) throw invalidDiff(`${place} begins half of a renaming`);
  const path = to === undefined ? samePath(first, place) : readPath(to, place);
  const deletedMode = fields.get("deleted file mode");
  const addedMode = fields.get("new file mode");
  if (deletedMode !== undefined && addedMode !== undefined)
    throw invalidDiff(`${place} both adds and deletes a file`);
  const earlier = from === undefined ? undefined : readPath(from, place);
  checkPath(path);
  if (earlier !== undefined) checkPath(earlier);
  for (const [prefix, name, is] of [
    ["--- ", "a/", earlier ?? path],
    ["+++ ", "b/", path],
  ] as const) {
    const named = header.names.get(prefix);
    if (named === undefined || named === "/dev/null") continue;
    if (readPath(named, place) !== `${name}${is}`)
      throw invalidDiff(`${place} begins a part that names two files`);
  }
  const [oldId, newId] = header.ids;
  const patch: FilePatch = {
    change: deletedMode ? "deleted" : addedMode ? "added" : earlier ? "renamed" : "modified",
    path,
    ...(earlier === undefined ? {} : { from: earlier }),
    ...modes(fields, header.indexMode, place),
    ...(oldId === undefined || newId === undefined ? {} : { oldId, newId }),
    hunks,
    ...(binary === undefined ? {} : { binary }),
  };
  return { patch, next: at };
}

const FIELDS = [
  "old mode",
  "new mode",
  "deleted file mode",
  "new file mode",
  "similarity index",
  "dissimilarity index",
  "rename from",
  "rename to",
];

function readHeader(lines: readonly string[], start: number) {
  const fields = new Map<string, string>();
  const names = new Map<string, string>();
  let ids: readonly (string | undefined)[] = [];
  let indexMode: string | undefined;
  let at = start;
  for (; at < lines.length; at += 1) {
    const line = lines[at] ?? "";
    const field = FIELDS.find((name) => line.startsWith(`${name} `));
    const index = /^index ([0-9a-f]+)\.\.([0-9a-f]+)(?: (\d+))?$/.exec(line);
    const prefix = ["--- ", "+++ "].find((start) => line.startsWith(start));
    if (field !== undefined && !fields.has(field)) fields.set(field, line.slice(field.length + 1));
    else if (index !== null) {
      ids = [fullId(index[1]), fullId(index[2])];
      indexMode = index[3];
    } else if (prefix !== undefined && !names.has(prefix)) {
      // A tab ends a name with spaces.
      names.set(prefix, line.slice(prefix.length).replace(/\t$/, ""));
    } else break;
  }
  return { fields, names, ids, indexMode, next: at };
}

function fullId(id: string | undefined): string | undefined {
  return id?.length === 40 || id?.length === 64 ? id : undefined;
}

function modes(fields: ReadonlyMap<string, string>, indexMode: string | undefined, place: string) {
  const oldMode = fields.get("old mode") ?? fields.get("deleted file mode") ?? indexMode;
  const newMode = fields.get("new mode") ?? fields.get("new file mode") ?? indexMode;
  return { ...checkedMode("oldMode", oldMode, place), ...checkedMode("newMode", newMode, place) };
}

function checkedMode<Name extends string>(
  name: Name,
  mode: string | undefined,
  place: string,
): { readonly [Key in Name]?: FileMode } {
  if (mode === undefined) return {};
  if (mode === "160000") throw invalidDiff(`${place} changes a submodule`);
  if (!MODES.includes(mode)) throw invalidDiff(`${place} begins a part with the unknown mode "${mode}"`);
  // Sound: it is one of the modes, and the name is the type's own.
  return { [name]: mode } as { readonly [Key in Name]?: FileMode };
}

/** Reads the path from the first line of a part, which has it twice. */
function samePath(line: string, place: string): PathBytes {
  const names = line.slice("diff --git ".length);
  if (names.startsWith('"')) {
    const left = unquotePath(names);
    const right = left && unquotePath(left.rest.slice(1));
    if (left && right && left.path.slice(2) === right.path.slice(2) && right.rest === "")
      return left.path.slice(2);
  } else {
    const path = names.slice(2, 2 + (names.length - 5) / 2);
    if (names === `a/${path} b/${path}`) return path;
  }
  throw invalidDiff(`${place} does not name one file with the prefixes "a/" and "b/"`);
}

function readPath(text: string, place: string): PathBytes {
  if (!text.startsWith('"')) return text;
  const unquoted = unquotePath(text);
  if (unquoted?.rest !== "") throw invalidDiff(`${place} begins a part with a name that is not quoted right`);
  return unquoted.path;
}

// What some file systems ignore in a name, or write instead of ".git".
const GIT_FOLDER = /^(\.git|git~1)[. ]*(:.*)?$/i;

/** Refuses a path that leads out of the folder, or to where git keeps what it runs. */
function checkPath(path: PathBytes): void {
  const reason = pathProblem(path);
  if (reason !== undefined) throw invalidDiff(`the path "${pathText(path)}" ${reason}`);
}

function pathProblem(path: PathBytes): string | undefined {
  if (path === "") return "is empty";
  if (path.includes("\0")) return "holds a NUL";
  if (path.startsWith("/")) return "is absolute";
  const parts = path.split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..")) return "is no plain relative path";
  // The characters that HFS+ ignores are zero-width ones.
  const visible = (part: string): string =>
    pathText(part).replaceAll(/[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/gu, "");
  if (parts.some((part) => GIT_FOLDER.test(visible(part)))) return 'leads into ".git"';
  return undefined;
}

const HUNK = /^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@/;

function readHunk(lines: readonly string[], start: number): { readonly hunk: Hunk; readonly next: number } {
  const match = HUNK.exec(lines[start] ?? "");
  if (match === null) throw invalidDiff(`line ${start + 1} is not the header of a hunk`);
  const oldStart = Number(match[1]);
  const before: string[] = [];
  const after: string[] = [];
  let leading: number | undefined;
  let trailing = 0;
  const left = { before: Number(match[2] ?? 1), after: Number(match[4] ?? 1) };
  let at = start + 1;
  while (before.length < left.before || after.length < left.after) {
    const line = lines[at];
    if (line === undefined) throw invalidDiff(`the hunk of line ${start + 1} ends too early`);
    // A line break is missing only at the end of a file.
    const text = `${line.slice(1)}${lines[at + 1]?.startsWith("\\ ") ? "" : "\n"}`;
    const kind = line === "" ? " " : line[0]; // Mail programs cut the space of an empty line off.
    if (kind !== " " && kind !== "-" && kind !== "+")
      throw invalidDiff(`line ${at + 1} is not a line of a hunk`);
    if (kind === " ") trailing += 1;
    else {
      leading ??= trailing;
      trailing = 0;
    }
    if (kind !== "+") before.push(text);
    if (kind !== "-") after.push(text);
    at += text.endsWith("\n") ? 1 : 2;
  }
  if (before.length > left.before || after.length > left.after || leading === undefined) {
    throw invalidDiff(`the hunk of line ${start + 1} does not have the lines that its header says`);
  }
  return { hunk: { header: match[0], oldStart, before, after, leading, trailing }, next: at };
}

function readBinary(
  lines: readonly string[],
  start: number,
): { readonly binary: BinaryPatch; readonly next: number } {
  const forward = readBinaryPart(lines, start);
  if (forward === undefined) throw invalidDiff(`line ${start + 1} does not begin a binary patch`);
  // The way back follows. It is not needed.
  const reverse = readBinaryPart(lines, forward.next);
  return { binary: forward.binary, next: reverse?.next ?? forward.next };
}

function readBinaryPart(lines: readonly string[], start: number) {
  const match = /^(literal|delta) (\d{1,12})$/.exec(lines[start] ?? "");
  if (match === null) return undefined;
  const sizeBytes = Number(match[2]);
  if (sizeBytes > MAX_BINARY_BYTES) throw invalidDiff(`line ${start + 1} makes a file of ${sizeBytes} bytes`);
  let at = start + 1;
  while (at < lines.length && lines[at] !== "") at += 1;
  const method = match[1] === "literal" ? "literal" : "delta";
  const binary: BinaryPatch = { method, sizeBytes, lines: lines.slice(start + 1, at) };
  return { binary, next: at + 1 };
}
