import { createFakeClock } from "@atlas/testing/clock";
import fc from "fast-check";
import { expect, it } from "vitest";
import { createNewId } from "../../src/contract/id.ts";
import { idText } from "../../src/index.ts";

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const timeOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

it("makes UUIDv7 that carry the time", () => {
  const clock = createFakeClock("2026-11-21T09:00:00.123Z");
  const newId = createNewId(clock);
  const id = newId();
  expect(id).toMatch(UUID_V7);
  expect(new Date(timeOf(id)).toISOString()).toBe("2026-11-21T09:00:00.123Z");
});

it("makes ids that ascend and are all different, however the clock moves", () => {
  const move = fc.oneof(fc.constant(0), fc.integer({ min: -5_000, max: 5_000 }));
  fc.assert(
    fc.property(fc.array(move, { minLength: 2, maxLength: 200 }), (moves) => {
      const clock = createFakeClock("2026-11-21T09:00:00.000Z");
      const newId = createNewId(clock);
      const ids = moves.map((by) => {
        clock.setWallClock(clock.now() + by);
        return newId();
      });
      expect(ids.every((id) => UUID_V7.test(id))).toBe(true);
      expect([...ids].sort()).toEqual(ids);
      expect(new Set(ids).size).toBe(ids.length);
    }),
  );
});

it("goes on ascending past the 4,096 ids that one millisecond has numbers for", () => {
  const newId = createNewId(createFakeClock("2026-11-21T09:00:00.000Z"));
  const ids = Array.from({ length: 20_000 }, newId);
  expect([...ids].sort()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.every((id) => UUID_V7.test(id))).toBe(true);
});

it.each([0, -1, 0.5, 1_000.75])("makes an id also when the clock says %d", (now) => {
  const clock = createFakeClock("2026-11-21T09:00:00.000Z");
  clock.setWallClock(now);
  const newId = createNewId(clock);
  const [first, second] = [newId(), newId()];
  expect(first).toMatch(UUID_V7);
  expect(second > first).toBe(true);
});

it("takes ids of 1 to 255 bytes of UTF-8", () => {
  const takes = (id: string): boolean => idText.safeParse(id).success;
  expect(["a", "x".repeat(255), "ä".repeat(127), "💡".repeat(63)].map(takes)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(["", "x".repeat(256), "ä".repeat(128), "💡".repeat(64)].map(takes)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
