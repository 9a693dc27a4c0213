/** A glob, ready to be compared with paths. */
export interface Glob {
  matches(path: string): boolean;
  /** Whether a path below this folder can match. */
  reachesInto(folder: string): boolean;
}

const MOST_PATTERNS = 100;

/**
 * Reads a glob with `*`, `?`, `[a-z]`, `{a,b}`, and `**` for any number of folders. It takes time that grows with the length of
 * pattern and path only, because an agent chooses the names of files.
 */
export function parseGlob(pattern: string): Glob {
  const patterns = expandBraces(pattern.replace(/^(?:\.\/+)+/, "")).map((one) =>
    one.split("/").filter((part) => part !== ""),
  );
  return {
    matches: (path) => patterns.some((parts) => matchesParts(parts, path.split("/"))),
    reachesInto: (folder) => patterns.some((parts) => reaches(parts, folder.split("/"))),
  };
}

/** `a{b,c}` are `ab` and `ac`. A pattern with too many alternatives is taken as it is. */
function expandBraces(pattern: string): readonly string[] {
  let patterns: readonly string[] = [pattern];
  for (;;) {
    const next = patterns.flatMap((one) => {
      const found = /\{([^{}]*,[^{}]*)\}/.exec(one);
      if (found === null) return [one];
      const [before, after] = [one.slice(0, found.index), one.slice(found.index + found[0].length)];
      return (found[1] ?? "").split(",").map((inner) => `${before}${inner}${after}`);
    });
    if (next.length > MOST_PATTERNS) return [pattern];
    if (next.length === patterns.length && next.every((one, index) => one === patterns[index])) return next;
    patterns = next;
  }
}

/** The usual comparison with one place to go back to: `**` takes one more folder, wherever the rest does not fit. */
function matchesParts(parts: readonly string[], path: readonly string[]): boolean {
  return fits(parts, path, (part) => part === "**", matchesName);
}

function matchesName(part: string, name: string): boolean {
  // Like a shell: a hidden file has to be asked for.
  if (name.startsWith(".") && !part.startsWith(".")) return false;
  return fits(tokensOf(part), [...name], (token) => token === "*", matchesCharacter);
}

/** Whether a list fits a pattern in which some elements stand for any number of elements. */
function fits(
  pattern: readonly string[],
  list: readonly string[],
  isAny: (element: string) => boolean,
  isOne: (element: string, of: string) => boolean,
): boolean {
  let at = 0;
  let from = 0;
  let back: { readonly at: number; from: number } | undefined;
  while (from < list.length) {
    const element = pattern[at];
    if (element !== undefined && isAny(element)) {
      back = { at, from };
      at += 1;
    } else if (element !== undefined && isOne(element, list[from] ?? "")) {
      at += 1;
      from += 1;
    } else if (back !== undefined) {
      back.from += 1;
      from = back.from;
      at = back.at + 1;
    } else return false;
  }
  return pattern.slice(at).every(isAny);
}

function tokensOf(part: string): readonly string[] {
  return (
    part.match(/\[[!^]?\]?[^\]]*\]|\*+|[\s\S]/gu)?.map((token) => (/^\*+$/.test(token) ? "*" : token)) ?? []
  );
}

function matchesCharacter(token: string, character: string): boolean {
  if (token === "?") return true;
  if (!token.startsWith("[") || !token.endsWith("]") || token.length < 3) return token === character;
  const isNot = /^\[[!^]/.test(token);
  const set = token.slice(isNot ? 2 : 1, -1);
  const ranges = set.match(/[\s\S]-[\s\S]|[\s\S]/gu) ?? [];
  const isIn = ranges.some((range) => {
    const [low = "", , high] = [...range];
    return high === undefined ? low === character : low <= character && character <= high;
  });
  return isIn !== isNot;
}

/** The folder fits the beginning of the pattern, or the pattern has come to its `**` before. */
function reaches(parts: readonly string[], folder: readonly string[]): boolean {
  for (const [index, name] of folder.entries()) {
    const part = parts[index];
    if (part === undefined) return false;
    if (part === "**") return true;
    if (!matchesName(part, name)) return false;
  }
  return parts.length > folder.length;
}
