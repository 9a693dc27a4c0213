import { isObject, type Json, type JsonObject } from "./json.ts";

/** The first difference between two values, with a short excerpt of each. */
export interface Difference {
  /** Such as `messages[1].content`. */
  readonly at: string;
  readonly expected: string;
  readonly got: string;
}

const EXCERPT = 60;
const LEAD = 20;

/** Returns the first difference between two values in the order of their keys, or `undefined`. */
export function firstDifference(
  expected: Json | undefined,
  got: Json | undefined,
  at = "",
): Difference | undefined {
  if (isObject(expected) && isObject(got)) {
    for (const key of keysOf(expected, got)) {
      const found = firstDifference(expected[key], got[key], at === "" ? key : `${at}.${key}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (Array.isArray(expected) && Array.isArray(got)) {
    for (let index = 0; index < Math.max(expected.length, got.length); index += 1) {
      const found = firstDifference(expected[index], got[index], `${at}[${index}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (expected === got) return undefined;
  const from = typeof expected === "string" && typeof got === "string" ? commonLength(expected, got) : 0;
  return { at, expected: excerpt(expected, from), got: excerpt(got, from) };
}

/** Returns the value among `all` that differs from `got` in the fewest of its own fields; the first of several. */
export function nearestOf<Value>(
  all: readonly Value[],
  objectOf: (value: Value) => JsonObject,
  got: JsonObject,
): Value | undefined {
  let best: { readonly value: Value; readonly differing: number } | undefined;
  for (const value of all) {
    const object = objectOf(value);
    const differing = keysOf(object, got).filter((key) => firstDifference(object[key], got[key])).length;
    if (best === undefined || differing < best.differing) best = { value, differing };
  }
  return best?.value;
}

function keysOf(left: JsonObject, right: JsonObject): readonly string[] {
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].sort();
}

function commonLength(left: string, right: string): number {
  let length = 0;
  while (length < left.length && left[length] === right[length]) length += 1;
  return length;
}

/** An excerpt of a value that starts a little before `from`. */
function excerpt(value: Json | undefined, from: number): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const start = Math.max(0, from - LEAD);
  const piece = text.slice(start, start + EXCERPT).toWellFormed();
  const quoted = typeof value === "string" ? JSON.stringify(piece) : piece;
  return `${start > 0 ? "…" : ""}${quoted}${start + EXCERPT < text.length ? "…" : ""}`;
}
