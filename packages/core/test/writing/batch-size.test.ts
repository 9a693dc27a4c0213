import { expect, it } from "vitest";
import { createBatchSize } from "../../src/writing/batch-size.ts";

/** The size after twenty batches of `commands` that each took `tookMs`. */
function sizeAfter(commands: number, tookMs: number): number {
  const size = createBatchSize();
  for (let batch = 0; batch < 20; batch += 1) size.measured(commands, tookMs);
  return size.maxCommands();
}

it("starts with 1,000 commands", () => {
  expect(createBatchSize().maxCommands()).toBe(1_000);
});

it("shrinks towards batches of 6 ms, and never below 50 commands", () => {
  expect(sizeAfter(1_000, 60)).toBeGreaterThanOrEqual(100);
  expect(sizeAfter(1_000, 60)).toBeLessThan(110);
  expect(sizeAfter(1_000, 60_000)).toBe(50);
});

it("never grows beyond 1,000 commands", () => {
  expect(sizeAfter(1_000, 0.001)).toBe(1_000);
});

it("learns nothing from a small batch, whose time is that of its commit", () => {
  expect(sizeAfter(49, 500)).toBe(1_000);
  expect(sizeAfter(50, 500)).toBe(50);
});
