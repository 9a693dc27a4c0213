import { expect, it } from "vitest";
import { createRunPace } from "../../src/jobs/run-pace.ts";

function pace(runs: readonly (readonly [count: number, ms: number])[]) {
  const one = createRunPace();
  for (const [count, ms] of runs) for (let run = 0; run < count; run += 1) one.ran("work.v1", ms);
  return one;
}

it("knows nothing of a workflow before it has run some 45 times, and takes it to be slow", () => {
  expect(createRunPace().ahead("work.v1", 10)).toBe(0);
  expect(pace([[40, 1]]).ahead("work.v1", 10)).toBe(0);
  expect(pace([[50, 1]]).ahead("work.v1", 10)).toBeGreaterThan(0);
  expect(pace([[50, 1]]).ahead("other.v1", 10)).toBe(0);
});

it("expects as many runs to end within ten milliseconds as their duration allows, and at most 250", () => {
  expect(pace([[200, 1]]).ahead("work.v1", 10)).toBe(100);
  expect(pace([[200, 5]]).ahead("work.v1", 10)).toBe(20);
  expect(pace([[200, 10]]).ahead("work.v1", 3)).toBe(3);
  expect(pace([[200, 10.5]]).ahead("work.v1", 1_000)).toBe(0);
  expect(pace([[200, 0]]).ahead("work.v1", 1)).toBe(250);
});

it("takes a workflow to be slow after one slow run, however long it took", () => {
  expect(
    pace([
      [200, 1],
      [1, 60_000],
    ]).ahead("work.v1", 10),
  ).toBe(0);
  expect(
    pace([
      [200, 1],
      [1, 60_000],
      [60, 1],
    ]).ahead("work.v1", 10),
  ).toBeGreaterThan(0);
});
