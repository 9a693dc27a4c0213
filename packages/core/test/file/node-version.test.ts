import { expect, it } from "vitest";
import { compareVersions } from "../../src/file/node-version.ts";

it.each([
  ["3.51.2", "3.51.3", -1],
  ["3.51.3", "3.51.3", 0],
  ["3.51.10", "3.51.9", 1],
  ["3.9.9", "3.51.3", -1],
  ["10.0.0", "9.9.9", 1],
  ["22.18", "22.18.0", 0],
  ["24.0.0-nightly", "23.11.1", 1],
  ["24.0.0-nightly", "24.0.1", -1],
])("compares %s with %s by their numbers", (left, right, expected) => {
  expect(Math.sign(compareVersions(left, right))).toBe(expected);
  expect(Math.sign(compareVersions(right, left))).toBe(expected === 0 ? 0 : -expected);
});
