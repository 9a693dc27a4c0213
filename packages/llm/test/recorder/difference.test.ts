import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstDifference, nearestOf } from "../../src/recorder/difference.ts";
import type { Json, JsonObject } from "../../src/recorder/json.ts";

describe("the first difference", () => {
  it.each<[Json | undefined, Json | undefined, string, string, string]>([
    [{ a: 1, b: 2 }, { a: 1, b: 3 }, "b", "2", "3"],
    [{ a: 1 }, { a: 1, b: "x" }, "b", "nothing", '"x"'],
    [
      { messages: [{ content: "one" }, { content: "two" }] },
      { messages: [{ content: "one" }, { content: "too" }] },
      "messages[1].content",
      '"two"',
      '"too"',
    ],
    [{ tags: ["a"] }, { tags: ["a", "b"] }, "tags[1]", "nothing", '"b"'],
    [{ a: { b: null } }, { a: { b: { c: 1 } } }, "a.b", "null", '{"c":1}'],
    [{ a: [1] }, { a: { 0: 1 } }, "a", "[1]", '{"0":1}'],
    [
      { p: `${"x".repeat(500)}old${"y".repeat(500)}` },
      { p: `${"x".repeat(500)}new${"y".repeat(500)}` },
      "p",
      `…"${"x".repeat(20)}old${"y".repeat(37)}"…`,
      `…"${"x".repeat(20)}new${"y".repeat(37)}"…`,
    ],
  ])("of %j and %j is named with a piece of both", (expected, got, at, left, right) => {
    expect(firstDifference(expected, got)).toEqual({ at, expected: left, got: right });
  });

  it("is found exactly where two values differ, whatever they are", () => {
    const json = fc.jsonValue() as fc.Arbitrary<Json>;
    fc.assert(
      fc.property(json, json, (left, right) => {
        expect(firstDifference(left, left)).toBeUndefined();
        const [a, b] = [left, right].map((value) => JSON.stringify(sorted(value)));
        expect(firstDifference(left, right) === undefined).toBe(a === b);
      }),
    );
  });

  it("is looked for in the object that differs in the fewest fields", () => {
    const all: readonly JsonObject[] = [
      { a: 1, b: 1 },
      { a: 2, b: 2, c: 3 },
      { a: 2, b: 1 },
    ];
    const nearest = (got: JsonObject): JsonObject | undefined => nearestOf(all, (one) => one, got);
    expect(nearest({ a: 2, b: 2, c: 4 })).toBe(all[1]);
    expect(nearest({ x: 1 })).toBe(all[0]);
    expect(nearestOf([], (one: JsonObject) => one, {})).toBeUndefined();
  });
});

function sorted(value: Json): Json {
  if (typeof value === "number") return Object.is(value, -0) ? 0 : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value as JsonObject).map(([key, item]) => [key, sorted(item)] as const);
  return Object.fromEntries(entries.sort(([left], [right]) => (left < right ? -1 : 1)));
}
