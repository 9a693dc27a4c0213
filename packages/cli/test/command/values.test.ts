import { expect, it } from "vitest";
import { durationMs, listOf, pastTime } from "../../src/command/values.ts";

const NOW = Date.parse("2026-11-22T12:00:00.000Z");

it.each([
  ["30d", "2026-10-23T12:00:00.000Z"],
  ["90m", "2026-11-22T10:30:00.000Z"],
  ["2w", "2026-11-08T12:00:00.000Z"],
  ["2026-11-01", "2026-11-01T00:00:00.000Z"],
  ["2026-11-01T08:00:00+01:00", "2026-11-01T07:00:00.000Z"],
])("reads %s as a time", (text, time) => {
  expect(pastTime(text, "--before", NOW)).toBe(time);
});

it.each(["", "30", "d", "-3d", "3.5d", "1y", "2026-13-01", "2026-11-01T08:00:00", "today", "99999999d"])(
  "refuses %j as a time",
  (text) => {
    expect(() => pastTime(text, "--before", NOW)).toThrow("--before must be a time such as");
  },
);

it("reads durations and lists", () => {
  expect([durationMs("10s"), durationMs("1h"), durationMs("x")]).toEqual([10_000, 3_600_000, undefined]);
  expect(listOf(" a, b,,c ")).toEqual(["a", "b", "c"]);
  expect(listOf(undefined)).toBeUndefined();
});
