import { expect, it } from "vitest";
import { parseRetryAfter } from "../src/index.ts";

const now = Date.parse("2026-11-21T09:00:00.000Z");

it.each([
  ["2", 2_000],
  ["0.5", 500],
  ["0", 0],
  ["1000000000", 1e12],
  ["Sat, 21 Nov 2026 09:00:30 GMT", 30_000],
  ["Sat, 21 Nov 2026 08:00:00 GMT", 0],
  ["-5", undefined],
  ["soon", undefined],
  ["Sat, soon", undefined],
  ["", undefined],
  [null, undefined],
])("takes Retry-After: %s for %s", (header, expected) => {
  expect(parseRetryAfter(header, now)).toBe(expected);
});
