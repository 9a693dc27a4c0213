import fc from "fast-check";
import { expect, expectTypeOf, it } from "vitest";
import { canonicalJson, type JsonObject, type JsonValue, toJson } from "../../src/index.ts";

interface Issue {
  readonly id: number;
  readonly closed_at?: Date;
}

it("gives an object that data takes, also for an interface", () => {
  const issue: Issue = { id: 7 };
  const data = toJson(issue);
  expectTypeOf(data).toExtend<JsonObject>();
  expectTypeOf(toJson(issue.closed_at)).toEqualTypeOf<JsonValue>();
  expectTypeOf(toJson([1])).toEqualTypeOf<JsonValue>();
  expect(data).toEqual({ id: 7 });
});

it.each([
  ["drops undefined in objects", { a: undefined, b: { c: undefined } }, { b: {} }],
  ["makes undefined in lists null", [undefined, 1], [null, 1]],
  [
    "writes dates as ISO 8601",
    { at: new Date("2026-01-02T03:04:05.678Z") },
    { at: "2026-01-02T03:04:05.678Z" },
  ],
  [
    "calls toJSON, and converts what it gives",
    { url: new URL("https://a.example/b"), x: { toJSON: () => ({ at: new Date(0) }) } },
    { url: "https://a.example/b", x: { at: "1970-01-01T00:00:00.000Z" } },
  ],
  [
    "reads the fields of class instances",
    new (class Point {
      x = 1;
      hidden = undefined;
    })(),
    { x: 1 },
  ],
  ["keeps the same object in two places", ((one) => [one, one])({ a: 1 }), [{ a: 1 }, { a: 1 }]],
  ["mends text that is cut within a character", { "\ud83d": "a\ud83d" }, { "\ufffd": "a\ufffd" }],
  ["keeps scalars", [null, true, "x", 1.5], [null, true, "x", 1.5]],
])("%s", (_, value: unknown, expected) => {
  expect(toJson(value)).toEqual(expected);
});

const circle: { self?: unknown } = {};
circle.self = { inner: circle };
const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);

it.each([
  ["a BigInt", { issue: { size: 1n } }, "issue.size"],
  ["NaN", { list: [1, Number.NaN] }, "list[1]"],
  ["an invalid date", { at: new Date("x") }, "at"],
  ["a function", { f: () => 1 }, "f"],
  ["a symbol", [Symbol("x")], "[0]"],
  ["a map", { m: new Map([["a", 1]]) }, "m"],
  ["a set", { s: new Set([1]) }, "s"],
  ["bytes", { b: new Uint8Array(1) }, "b"],
  ["a cycle", circle, "self.inner"],
  [
    "a toJSON that returns itself",
    (() => {
      const own = { toJSON: (): unknown => own };
      return { own };
    })(),
    "own",
  ],
  ["__proto__", JSON.parse('{"a":{"__proto__":{"b":1}}}'), "a.__proto__"],
])("refuses %s with its path", (_, value, path) => {
  expect(() => toJson(value)).toThrow(
    expect.objectContaining({ code: "ATLAS_CORE_JSON_INVALID", details: { path } }),
  );
});

it("takes 64 levels and no more", () => {
  expect(toJson(deep(64))).toBeDefined();
  expect(() => toJson(deep(65))).toThrow("64 levels");
});

it("gives what canonicalJson takes, and changes nothing in what is JSON already", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      fc.pre(!JSON.stringify(value).includes("__proto__"));
      expect(canonicalJson(toJson(value))).toBe(canonicalJson(JSON.parse(JSON.stringify(value))));
    }),
  );
});
