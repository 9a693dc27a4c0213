import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createKeyStarts } from "../../src/flow/key-starts.ts";

describe("the starts of keys", () => {
  it("never let more than max of one key begin within a period, and hold up no other", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.record({ pause: fc.integer({ min: 0, max: 15 }), key: fc.constantFrom("a", "b", "c") }), {
          maxLength: 80,
        }),
        (max, perMs, asked) => {
          const starts = createKeyStarts({ max, perMs });
          const begun: { readonly key: string; readonly at: number }[] = [];
          let now = 0;
          for (const { pause, key } of asked) {
            now += pause;
            const recent = begun.filter((one) => one.key === key && one.at + perMs > now);
            const oldest = recent.at(-max);
            expect(starts.permit(key, now)).toEqual(
              oldest === undefined ? "now" : { notBefore: oldest.at + perMs },
            );
            if (oldest !== undefined) continue;
            starts.begin(key, now);
            begun.push({ key, at: now });
          }
        },
      ),
    );
  });

  it("keep what is within the period, and remove the rest a hundred at a time", () => {
    const starts = createKeyStarts({ max: 1, perMs: 1_000 });
    for (let start = 1; start <= 250; start += 1)
      expect(starts.begin(`key-${start}`, 0)).toEqual({ number: start, keep_from: 1 });
    expect(starts.begin("late", 999)).toEqual({ number: 251, keep_from: 1 });
    expect([1, 2, 3, 4].map((one) => starts.begin(`later-${one}`, 1_000).keep_from)).toEqual([
      101, 201, 251, 251,
    ]);
  });

  it("go on with those of earlier processes, and after their numbers", () => {
    const stored = [
      { number: 7, group_key: "a", at: 100 },
      { number: 8, group_key: "a", at: 200 },
      { number: 9, group_key: "b", at: 300 },
    ];
    const starts = createKeyStarts({ max: 2, perMs: 1_000 }, stored);
    expect(starts.permit("a", 400)).toEqual({ notBefore: 1_100 });
    expect(starts.permit("b", 400)).toBe("now");
    expect(starts.begin("b", 400)).toEqual({ number: 10, keep_from: 7 });
    expect(starts.permit("a", 1_100)).toBe("now");
    expect(starts.begin("a", 1_100)).toEqual({ number: 11, keep_from: 8 });
  });

  it("keep exactly the starts of the last period, however many there were", () => {
    const starts = createKeyStarts({ max: 5, perMs: 100 });
    for (let now = 0; now < 10_000; now += 1) {
      const { number, keep_from } = starts.begin(`key-${now % 50}`, now);
      expect(number - keep_from).toBe(Math.min(now, 99));
    }
    expect(starts.permit("key-49", 9_999)).toBe("now");
  });

  it("hold a key for one period at most when the wall clock is set back", () => {
    const starts = createKeyStarts({ max: 1, perMs: 1_000 });
    starts.begin("a", 1_000_000);
    starts.begin("b", 1_000_000);
    expect(starts.permit("a", 5_000)).toEqual({ notBefore: 6_000 });
    expect(starts.permit("b", 5_999)).toEqual({ notBefore: 6_000 });
    expect(starts.permit("a", 6_000)).toBe("now");
    expect(starts.begin("a", 6_000).keep_from).toBe(3);
  });
});
