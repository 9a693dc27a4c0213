import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { isRoutingError, RoutingError } from "../src/index.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

it("has a row in docs/errors.md for every code, as not retryable, and no row for a code that is gone", () => {
  const declared = [...read("../src/errors.ts").matchAll(/^ {2}(ATLAS_ROUTING_[A-Z_]+):/gm)];
  const rows = read("../../../docs/errors.md").matchAll(/^\| *`(ATLAS_ROUTING_[A-Z_]+)` *\|[^|]*\| *no /gm);
  expect(declared).toHaveLength(2);
  expect([...rows].map(([, code]) => code)).toEqual(declared.map(([, code]) => code));
});

it("recognises an error that a second copy of the package made", async () => {
  const secondCopy = "../src/errors.ts?second-copy";
  // The same file, so the same exports.
  const other = (await import(/* @vite-ignore */ secondCopy)) as {
    readonly RoutingError: typeof RoutingError;
  };
  const details = { profile: "fats", known: ["fast"], nearest: "fast" };
  const error: unknown = new other.RoutingError("ATLAS_ROUTING_PROFILE_UNKNOWN", details, "No such profile.");

  expect(error).not.toBeInstanceOf(RoutingError);
  expect(isRoutingError(error)).toBe(true);
  expect(isRoutingError(error, "ATLAS_ROUTING_PROFILE_UNKNOWN") && error.details.nearest).toBe("fast");
  expect(isRoutingError(error, "ATLAS_ROUTING_CONFIG_INVALID")).toBe(false);
});

it.each([
  undefined,
  null,
  "RoutingError",
  {},
  new Error("x"),
  { name: "RoutingError", code: "ATLAS_ROUTING_CONFIG_INVALID" },
])("does not take %s for one of its errors", (value) => {
  expect(isRoutingError(value)).toBe(false);
});
