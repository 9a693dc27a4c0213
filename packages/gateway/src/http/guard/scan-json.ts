/** What a JSON text has too much of, or must not have. */
export class JsonProblem extends Error {
  override readonly name = "JsonProblem";
}

const MAX_DEPTH = 64;
const MAX_KEYS = 10_000;
// Copied onto an object by careless code, they change what every object inherits.
const FORBIDDEN: ReadonlySet<string> = new Set(["__proto__", "constructor"]);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

/**
 * Finds what `JSON.parse` would swallow: of duplicate keys it silently keeps the last, which a check in front of this server may have read
 * as the first. It also bounds depth and keys before anything is built of them. Whether the text is JSON at all is left to `JSON.parse`.
 */
export function scanJson(text: string): void {
  const keysOf: (Set<string> | undefined)[] = [];
  let keys = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      if (isKey(text, end)) {
        keys += 1;
        if (keys > MAX_KEYS) throw new JsonProblem(`It has more than ${MAX_KEYS} keys.`);
        take(keyOf(text.slice(at, end + 1)), keysOf.at(-1));
      }
      at = end;
    } else if (code === OPEN_OBJECT || code === OPEN_LIST) {
      if (keysOf.length === MAX_DEPTH) throw new JsonProblem(`It is more than ${MAX_DEPTH} levels deep.`);
      keysOf.push(code === OPEN_OBJECT ? new Set() : undefined);
    } else if (code === CLOSE_OBJECT || code === CLOSE_LIST) keysOf.pop();
  }
}

function take(key: string, seen: Set<string> | undefined): void {
  if (FORBIDDEN.has(key)) throw new JsonProblem(`The key "${key}" is not allowed.`);
  if (seen?.has(key)) throw new JsonProblem(`The key ${JSON.stringify(key.slice(0, 100))} is there twice.`);
  seen?.add(key);
}

/** The place of the closing quote, or the end of a text that lacks it. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
  return backslashes % 2 === 1;
}

/** A string before a colon is a key, whatever else the text is. */
function isKey(text: string, end: number): boolean {
  let at = end + 1;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at += 1;
  return text.charCodeAt(at) === COLON;
}

/** `"\u005f_proto__"` is the same key as its plain spelling. */
function keyOf(quoted: string): string {
  if (!quoted.includes("\\")) return quoted.slice(1, -1);
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw new JsonProblem("A key has an escape that JSON does not know.");
  }
}
