import fc from "fast-check";
import { expect, it } from "vitest";
import { normalizeTime } from "../../src/contract/time.ts";
import { isoTime } from "../../src/index.ts";

const instant = fc.integer({
  min: Date.parse("0001-01-02T00:00:00Z"),
  max: Date.parse("9999-12-30T00:00:00Z"),
});

it("writes a time as 24 characters that sort as the times do", () => {
  fc.assert(
    fc.property(instant, instant, (left, right) => {
      expect(isoTime(left)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(Math.sign(left - right)).toBe(
        isoTime(left) < isoTime(right) ? -1 : isoTime(left) > isoTime(right) ? 1 : 0,
      );
    }),
  );
});

it("reads its own form as it is, and any offset as the same instant", () => {
  fc.assert(
    fc.property(instant, fc.integer({ min: -23 * 60, max: 23 * 60 }), (time, offset) => {
      expect(normalizeTime(isoTime(time))).toBe(isoTime(time));
      const two = (value: number): string => String(value).padStart(2, "0");
      const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
      const local = isoTime(time + offset * 60_000).replace("Z", zone);
      expect(normalizeTime(local)).toBe(isoTime(time));
    }),
  );
});

it.each([
  ["2026-11-21T09:30Z", "2026-11-21T09:30:00.000Z"],
  ["2026-11-21T09:30:15Z", "2026-11-21T09:30:15.000Z"],
  ["2026-11-21T09:30:15.1Z", "2026-11-21T09:30:15.100Z"],
  ["2026-11-21T09:30:15,25Z", "2026-11-21T09:30:15.250Z"],
  ["2026-11-21T09:30:15.123456789Z", "2026-11-21T09:30:15.123Z"],
  ["2026-11-21t09:30:15z", "2026-11-21T09:30:15.000Z"],
  ["2026-11-21T09:30:15+0130", "2026-11-21T08:00:15.000Z"],
  ["2024-02-29T23:30:00-01:00", "2024-03-01T00:30:00.000Z"],
])("reads %s as %s", (text, expected) => {
  expect(normalizeTime(text)).toBe(expected);
});

it.each([
  "",
  "now",
  "2026-11-21",
  "2026-11-21T09:30:15",
  "2026-11-21 09:30:15Z",
  "21.11.2026 09:30Z",
  "1763717415000",
  "2026-13-01T00:00:00Z",
  "2026-02-29T00:00:00Z",
  "2026-02-30T00:00:00.000Z",
  "2026-04-31T12:00:00Z",
  "2026-01-01T25:00:00Z",
  "2026-01-01T00:60:00Z",
  "0000-01-01T00:00:00+01:00",
  "9999-12-31T23:59:59-01:00",
  "2026-11-21T09:30:15Z ",
])("refuses %j", (text) => {
  expect(normalizeTime(text)).toBeUndefined();
});
