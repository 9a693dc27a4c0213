import { z } from "zod";
import { CoreError } from "./errors.ts";

/** Any JSON value. `undefined`, NaN, dates, maps and class instances are not JSON and are refused with their path. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
/** A JSON object. Its keys are stored in sorted order. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** The deepest nesting in a JSON column. */
export const MAX_JSON_DEPTH = 64;

/** A zod schema for any plain JSON object. Its content is checked once, by {@link canonicalJson}. */
export const jsonObject = z.custom<JsonObject>(isPlainObject, "must be a plain JSON object");

/**
 * Converts a value to canonical JSON: sorted keys, no white space. Atlas stores, compares and journals this text.
 * Keys that are array indices come first, in numeric order, as in every JavaScript object; other keys are sorted by code
 * unit. Throws `ATLAS_CORE_JSON_INVALID` with the path of the first value that is not JSON, or that is nested deeper than
 * `maxDepth` (default 64).
 *
 * @example
 * ```ts
 * assert.equal(canonicalJson({ b: 1, a: [true, null] }), '{"a":[true,null],"b":1}');
 * ```
 */
export function canonicalJson(
  value: unknown,
  options?: { readonly maxDepth?: number; readonly maxSize?: number },
): string {
  return JSON.stringify(measuredCopy(value, options).copy);
}

/**
 * Converts a value that is canonical JSON already, such as any part of a handler's payload. For other values use
 * {@link canonicalJson}, which checks them.
 */
export function jsonText(value: JsonValue): string {
  return JSON.stringify(value);
}

interface MeasuredCopy<Value> {
  readonly copy: Value;
  readonly size: number;
  readonly containers: number;
}

/**
 * A frozen copy of `value` with sorted keys; the size of its text in UTF-16 units, estimated (escapes count too little, short
 * numbers too much); and how many objects and arrays it has. Throws as {@link canonicalJson}.
 */
export function canonicalCopy<Value>(
  value: Value,
  options?: { readonly maxDepth?: number; readonly maxSize?: number },
): MeasuredCopy<Value> {
  freezes = true;
  try {
    return measuredCopy(value, options);
  } finally {
    freezes = false;
  }
}

function measuredCopy<Value>(
  value: Value,
  options?: { readonly maxDepth?: number; readonly maxSize?: number },
): MeasuredCopy<Value> {
  const maxDepth = options?.maxDepth ?? MAX_JSON_DEPTH;
  size = 0;
  containers = 0;
  sizeLimit = options?.maxSize ?? MAX_SIZE;
  try {
    return { copy: copyValue(value, maxDepth) as Value, size, containers };
  } catch (error) {
    if (error === tooLarge) {
      const message = `The value is larger than ${sizeLimit} characters. Shorten it; perhaps it holds the same object many times.`;
      throw new CoreError("ATLAS_CORE_JSON_INVALID", { path: "" }, message);
    }
    if (error !== notJson) throw error;
    const problem = findProblem(value, maxDepth);
    const subject = problem.path === "" ? "The value" : `"${problem.path}"`;
    throw new CoreError("ATLAS_CORE_JSON_INVALID", { path: problem.path }, `${subject} ${problem.reason}`);
  }
}

/** True for an object literal or an object without prototype. */
export function isPlainObject(value: unknown): value is JsonObject {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

// The walk runs once per command on the hot path: it counts in a variable of the module, fails with a constant, and
// only after a failure is the path looked for.
const notJson = new Error("not JSON");
const tooLarge = new Error("too large");
// Far beyond every command: it only ends the walk over an object that doubles at each of its 64 levels.
const MAX_SIZE = 20 * 1024 * 1024;
let sizeLimit = MAX_SIZE;
let size = 0;
let containers = 0;
let freezes = false;

// So few keys are put in order by hand: Array.prototype.sort takes as long as the rest of the copy.
const FEW_KEYS = 24;
const FEW_ITEMS = 16;

function copyValue(value: unknown, levelsLeft: number): unknown {
  switch (typeof value) {
    case "string":
      if (!value.isWellFormed()) throw notJson;
      size += value.length + 2;
      return value;
    case "number":
      if (!Number.isFinite(value)) throw notJson;
      size += 8;
      return value;
    case "boolean":
      size += 5;
      return value;
    case "object":
      if (value === null) {
        size += 4;
        return value;
      }
      if (levelsLeft === 0) throw notJson;
      return Array.isArray(value) ? copyArray(value, levelsLeft - 1) : copyObject(value, levelsLeft - 1);
    default:
      throw notJson;
  }
}

function copyArray(value: readonly unknown[], levelsLeft: number): unknown[] {
  if (size > sizeLimit) throw tooLarge;
  // A list that grows by push keeps room for 17 items, and most lists in a queue are shorter.
  const { length } = value;
  const copy: unknown[] = new Array(Math.min(length, FEW_ITEMS));
  size += 2 + length;
  containers += 1;
  for (let index = 0; index < length; index += 1) copy[index] = copyValue(value[index], levelsLeft);
  return freezes ? (Object.freeze(copy) as unknown[]) : copy;
}

function copyObject(value: object, levelsLeft: number): object {
  if (!isPlainObject(value)) throw notJson;
  if (size > sizeLimit) throw tooLarge;
  const copy: Record<string, unknown> = {};
  size += 2;
  containers += 1;
  for (const key of sortedKeys(value)) {
    if (key === "__proto__" || !key.isWellFormed()) throw notJson;
    size += key.length + 4;
    copy[key] = copyValue(value[key], levelsLeft);
  }
  return freezes ? Object.freeze(copy) : copy;
}

function sortedKeys(value: object): readonly string[] {
  const keys = Object.keys(value);
  if (keys.length > FEW_KEYS) return keys.sort();
  for (let index = 1; index < keys.length; index += 1) {
    const key = keys[index] as string;
    let place = index;
    for (; place > 0 && (keys[place - 1] as string) > key; place -= 1)
      keys[place] = keys[place - 1] as string;
    keys[place] = key;
  }
  return keys;
}

interface Problem {
  readonly path: string;
  readonly reason: string;
}

function findProblem(value: unknown, maxDepth: number): Problem {
  return problemOf(value, { maxDepth, path: "", above: new Set() }) ?? { path: "", reason: "is not JSON." };
}

interface Place {
  readonly maxDepth: number;
  readonly path: string;
  readonly above: Set<unknown>;
}

function problemOf(value: unknown, place: Place): Problem | undefined {
  const { path } = place;
  switch (typeof value) {
    case "string":
      return value.isWellFormed()
        ? undefined
        : {
            path,
            reason: "holds half a surrogate pair, which is not valid UTF-8. Call toWellFormed() on it first.",
          };
    case "number":
      return Number.isFinite(value)
        ? undefined
        : { path, reason: `is ${value}, which is not JSON. Use null.` };
    case "boolean":
      return undefined;
    case "bigint":
      return { path, reason: "is a BigInt, which is not JSON. Use a string." };
    case "undefined":
      return { path, reason: "is undefined, which is not JSON. Leave it out or use null." };
    case "object":
      return value === null ? undefined : problemInside(value, place);
    default:
      return { path, reason: `is a ${typeof value}, which is not JSON. Leave it out.` };
  }
}

function problemInside(value: object, { maxDepth, path, above }: Place): Problem | undefined {
  if (above.has(value)) return { path, reason: "refers to an object that contains it. JSON has no cycles." };
  if (above.size >= maxDepth)
    return { path: shortened(path), reason: `is nested deeper than ${maxDepth} levels. Flatten it.` };
  if (value instanceof Date) return { path, reason: "is a Date, which is not JSON. Use its toISOString()." };
  const isArray = Array.isArray(value);
  if (!isArray && !isPlainObject(value)) {
    return {
      path,
      reason: `is a ${value.constructor?.name ?? "class instance"}, which is not JSON. Use a plain object.`,
    };
  }
  above.add(value);
  for (const key of Object.keys(isArray ? Array.from(value) : value)) {
    const inner = isArray ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;
    if (key === "__proto__") return { path: inner, reason: "is a key that is not allowed. Rename it." };
    if (!key.isWellFormed()) return { path, reason: "has a key with half a surrogate pair. Rename it." };
    const problem = problemOf((value as Record<string, unknown>)[key], { maxDepth, path: inner, above });
    if (problem !== undefined) return problem;
  }
  above.delete(value);
  return undefined;
}

function shortened(path: string): string {
  return path.length <= 200 ? path : `${path.slice(0, 199)}…`;
}
