import { expect, it } from "vitest";
import { parseRetryAfter, type StatusVerdict, verdictOfStatus } from "../src/http-status.ts";

it.each<[StatusVerdict, readonly number[]]>([
  ["ok", [200, 201, 202, 204, 206, 299]],
  ["not_modified", [304]],
  ["redirected", [300, 301, 302, 303, 305, 307, 308, 399]],
  ["rate_limited", [429]],
  ["unavailable", [408, 425, 500, 502, 503, 504, 529, 599, 600]],
  ["conflict", [409]],
  ["wrong_credentials", [401, 402, 403, 407]],
  ["not_found", [404, 410]],
  ["refused", [400, 405, 406, 411, 413, 415, 418, 422, 426, 428, 430, 431, 451, 499]],
  ["unexpected", [0, 100, 101, 199, -1, Number.NaN]],
])("calls %s: %s", (verdict, statuses) => {
  expect(statuses.map(verdictOfStatus)).toEqual(statuses.map(() => verdict));
});

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
