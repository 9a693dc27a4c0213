import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import { createUnit, type Unit } from "../../src/intake/unit.ts";
import { createHeldUnits } from "../../src/writing/held-units.ts";

const unitSince = (waitingSince: number): Unit =>
  createUnit(
    { commands: [], actor: "host", enqueuedAt: "2026-11-21T09:00:00.000Z", waitingSince, sizeBytes: 1 },
    (receipts) => receipts,
  ).unit;

it("doubles the pause from 5 ms to 100 ms, and begins anew once the storage works", () => {
  const clock = createFakeClock("2026-11-21T09:00:00.000Z");
  const held = createHeldUnits({ clock, deadlineMs: 1_000 });
  expect(held.pauseMs()).toBeLessThanOrEqual(0);
  expect(Array.from({ length: 7 }, () => held.delay())).toEqual([5, 10, 20, 40, 80, 100, 100]);
  expect(held.pauseMs()).toBe(100);
  clock.advance(100);
  expect(held.pauseMs()).toBe(0);
  held.reset();
  expect(held.delay()).toBe(5);
});

it("keeps units until their deadline, in their order, and returns the others", () => {
  const clock = createFakeClock("2026-11-21T09:00:00.000Z");
  const start = clock.monotonic();
  const held = createHeldUnits({ clock, deadlineMs: 1_000 });
  const units = [unitSince(start), unitSince(start + 1), unitSince(start + 2)];
  clock.advance(1_001);
  expect(held.hold(units)).toEqual([units[0]]);
  expect(held.isEmpty).toBe(false);
  expect(held.take()).toEqual([units[1], units[2]]);
  expect(held.isEmpty).toBe(true);
});
