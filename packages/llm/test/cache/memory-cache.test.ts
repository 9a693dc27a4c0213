import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CacheEntry, createMemoryCache } from "../../src/index.ts";

const entry = (answer: string): CacheEntry => ({ answer, expiresAt: 1 });

describe("a cache in memory", () => {
  it("lets go of the answer that was not used for the longest", () => {
    const cache = createMemoryCache({ maxEntries: 2 });
    cache.set("a", entry("1"));
    cache.set("b", entry("2"));
    cache.get("a");
    cache.set("c", entry("3"));
    expect(["a", "b", "c"].map((key) => cache.get(key))).toEqual([entry("1"), undefined, entry("3")]);
    cache.set("c", entry("4"));
    expect(["a", "c"].map((key) => cache.get(key))).toEqual([entry("1"), entry("4")]);
  });

  it("is bounded in bytes, not in characters", () => {
    const cache = createMemoryCache({ maxBytes: 12 });
    cache.set("a", entry("ü".repeat(5)));
    cache.set("b", entry(""));
    expect(cache.get("a")).toBeDefined();
    cache.set("c", entry(""));
    expect(["a", "b", "c"].map((key) => cache.get(key) !== undefined)).toEqual([true, false, true]);
    cache.set("d", entry("x".repeat(12)));
    expect(cache.get("d")).toBeUndefined();
    expect(cache.get("a")).toBeDefined();
  });

  it("holds what a model of it holds, whatever is done to it", () => {
    const step = fc.record({
      key: fc.constantFrom("a", "b", "c", "d"),
      answer: fc.option(fc.string({ maxLength: 6 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const cache = createMemoryCache({ maxEntries: 3, maxBytes: 12 });
        let model: [string, string][] = [];
        const bytes = () =>
          model.reduce((sum, [key, answer]) => sum + key.length + Buffer.byteLength(answer), 0);
        for (const { key, answer } of steps) {
          const found = model.find(([known]) => known === key);
          const others = model.filter((one) => one !== found);
          if (answer === undefined) {
            expect(cache.get(key)).toEqual(found && entry(found[1]));
            if (found !== undefined) model = [...others, found];
          } else {
            cache.set(key, entry(answer));
            model = 1 + Buffer.byteLength(answer) > 12 ? others : [...others, [key, answer]];
            while (model.length > 3 || bytes() > 12) model.shift();
          }
        }
        for (const key of ["a", "b", "c", "d"]) {
          expect(cache.get(key)?.answer).toBe(model.find(([known]) => known === key)?.[1]);
        }
      }),
    );
  });

  it("refuses bounds that are none", () => {
    for (const maxEntries of [0, 1.5, Number.NaN, "9" as unknown as number]) {
      expect(() => createMemoryCache({ maxEntries })).toThrow(
        '"maxEntries" to be a whole number of 1 or more',
      );
    }
    expect(() => createMemoryCache({ maxBytes: -1 })).toThrow('"maxBytes"');
  });
});
