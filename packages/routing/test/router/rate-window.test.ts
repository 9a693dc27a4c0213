import fc from "fast-check";
import { expect, it } from "vitest";
import { chargedWith, createRateWindow, waitUntilFits } from "../../src/router/rate-window.ts";

const requests = fc.array(
  fc.record({ passesMs: fc.integer({ min: 0, max: 30_000 }), amount: fc.integer({ min: 1, max: 12 }) }),
  { maxLength: 60 },
);

it("never lets more than its limit through within any minute", () => {
  fc.assert(
    fc.property(requests, fc.integer({ min: 12, max: 30 }), (given, limit) => {
      let window = createRateWindow(limit);
      let now = 0;
      const through: { readonly at: number; readonly amount: number }[] = [];
      for (const { passesMs, amount } of given) {
        now += passesMs;
        const waitMs = waitUntilFits(window, amount, now);
        expect(waitMs).toBeLessThanOrEqual(61_000);
        now += waitMs;
        expect(waitUntilFits(window, amount, now)).toBe(0);
        window = chargedWith(window, amount, now);
        through.push({ at: now, amount });
        const inMinute = through.filter(({ at }) => at > now - 60_000);
        expect(inMinute.reduce((sum, one) => sum + one.amount, 0)).toBeLessThanOrEqual(limit);
      }
      expect(window.slots.length).toBeLessThanOrEqual(61);
    }),
  );
});

it("gives back what an estimate had charged too much", () => {
  const estimated = chargedWith(createRateWindow(100), 90, 0);
  expect(waitUntilFits(estimated, 50, 0)).toBe(61_000);
  expect(waitUntilFits(chargedWith(estimated, -60, 500), 50, 500)).toBe(0);
});

it("lets an amount above the limit through once nothing else is counted", () => {
  const window = createRateWindow(10);
  expect(waitUntilFits(window, 1_000, 0)).toBe(0);
  expect(waitUntilFits(chargedWith(window, 1, 0), 1_000, 0)).toBe(61_000);
});
