import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalCopy, MAX_JSON_DEPTH } from "../../src/contract/json.ts";
import { canonicalJson, isCoreError, type JsonValue } from "../../src/index.ts";

// JSON.parse makes what only JSON can hold, and not a -0, which JSON turns into 0.
const json = fc
  .json({ maxDepth: 5, stringUnit: "grapheme" })
  .map((text) => JSON.parse(JSON.stringify(JSON.parse(text))) as JsonValue)
  .filter((value) => !JSON.stringify(value).includes("__proto__"));

function problemOf(value: unknown): { readonly path: string; readonly message: string } {
  try {
    canonicalJson(value);
  } catch (error) {
    if (isCoreError(error, "ATLAS_CORE_JSON_INVALID"))
      return { path: error.details.path, message: error.message };
    throw error;
  }
  throw new Error("It was taken for JSON.");
}

function nested(levels: number): unknown {
  let value: unknown = [];
  for (let level = 1; level < levels; level += 1) value = level % 2 === 0 ? [value] : { in: value };
  return value;
}

/** The same value with the keys of every object the other way round. */
function reversed(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}

describe("canonicalJson", () => {
  it("says the same as JSON, in another order", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(value);
      }),
    );
  });

  it("is the same text when it is read and written again", () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  it("does not depend on the order of keys", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it("sorts keys by code unit, behind those that are array indices", () => {
    expect(canonicalJson({ b: 1, a: 2, B: 3, "10": 4, "9": 5, ä: 6 })).toBe(
      '{"9":5,"10":4,"B":3,"a":2,"b":1,"ä":6}',
    );
  });

  it("takes 64 levels, and no more", () => {
    expect(MAX_JSON_DEPTH).toBe(64);
    expect(JSON.parse(canonicalJson(nested(64)))).toEqual(nested(64));
    expect(problemOf(nested(65)).message).toContain("nested deeper than 64 levels");
    expect(problemOf(nested(5_000)).path.length).toBeLessThanOrEqual(200);
  });

  it("takes one object that stands in two places, which is no cycle", () => {
    const shared = { a: 1 };
    expect(canonicalJson({ x: shared, y: [shared] })).toBe('{"x":{"a":1},"y":[{"a":1}]}');
  });

  const cycle: { list: unknown[] } = { list: [0] };
  cycle.list.push(cycle);
  class Point {
    readonly x = 1;
  }
  it.each<[string, unknown, string, string]>([
    ["undefined", { a: { b: undefined } }, "a.b", "is undefined"],
    ["a hole in a list", { a: Object.assign([1], { 2: 3 }) }, "a[1]", "is undefined"],
    ["NaN", [[Number.NaN]], "[0][0]", "is NaN"],
    ["Infinity", { a: Infinity }, "a", "is Infinity"],
    ["a BigInt", { a: [0, 1n] }, "a[1]", "is a BigInt"],
    ["a Date", { a: new Date(0) }, "a", "is a Date"],
    ["an invalid Date", { a: new Date(Number.NaN) }, "a", "is a Date"],
    ["a Map", { a: new Map() }, "a", "is a Map"],
    ["an instance of a class", { a: new Point() }, "a", "is a Point"],
    ["a function", { a: { toJSON: () => 1 } }, "a.toJSON", "is a function"],
    ["a symbol", { a: Symbol("s") }, "a", "is a symbol"],
    ["half a surrogate pair", { a: "x\ud83d" }, "a", "half a surrogate pair"],
    ["half a surrogate pair in a key", { a: { "\udc00": 1 } }, "a", "a key with half a surrogate pair"],
    ["a cycle", { a: cycle }, "a.list[1]", "refers to an object that contains it"],
    ["an own __proto__", JSON.parse('{"a":{"__proto__":{"admin":true}}}'), "a.__proto__", "not allowed"],
    ["undefined at the top", undefined, "", "The value is undefined"],
  ])("refuses %s and names its place", (_, value, path, words) => {
    const problem = problemOf(value);
    expect(problem.path).toBe(path);
    expect(problem.message).toContain(words);
  });
});

describe("canonicalCopy", () => {
  it("copies short lists and long ones, and refuses a list that shrinks while it is read", () => {
    const lists = [0, 1, 15, 16, 17, 1_000].map((length) => Array.from({ length }, (_, index) => index));
    expect(canonicalCopy(lists).copy).toEqual(lists);
    const shrinking: unknown[] = [0, 1, 2];
    Object.defineProperty(shrinking, 1, { get: () => (shrinking.length = 2), enumerable: true });
    expect(() => canonicalCopy(shrinking)).toThrow(/is undefined|is not JSON/);
  });

  it("gives a copy that shares nothing with the value, and about how large its text is", () => {
    fc.assert(
      fc.property(json, (value) => {
        const { copy, size } = canonicalCopy(value);
        expect(copy).toEqual(value);
        if (typeof value === "object" && value !== null) expect(copy).not.toBe(value);
        // Escapes make the text longer, numbers and words shorter than reckoned.
        expect(size).toBeGreaterThan(0);
      }),
    );
  });

  it("ends at its limit of size, also where one object stands in very many places", () => {
    let value: unknown = "x";
    for (let level = 0; level < 60; level += 1) value = { left: value, right: value };
    expect(() => canonicalCopy(value)).toThrow(/larger than/);
  });
});
