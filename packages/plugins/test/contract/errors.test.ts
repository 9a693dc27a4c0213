import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { isPluginError, PluginError, type PluginErrorCode } from "../../src/index.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const codesIn = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map(([, code]) => code ?? ""))].sort();

it("has a row in docs/errors.md for every code, and no row for a code that is gone", () => {
  const declared = codesIn(read("../../src/contract/errors.ts"), /^ {2}(ATLAS_PLUGINS_[A-Z_]+):/gm);
  expect(codesIn(read("../../../../docs/errors.md"), /^\| *`(ATLAS_PLUGINS_[A-Z_]+)`/gm)).toEqual(declared);
});

it("says in docs/errors.md which codes are retryable as the errors themselves do", () => {
  const rows = [
    ...read("../../../../docs/errors.md").matchAll(/^\| *`(ATLAS_PLUGINS_[A-Z_]+)` *\|[^|]*\| *(yes|no)/gm),
  ];
  expect(rows.length).toBeGreaterThan(10);
  for (const [, code, retryable] of rows) {
    const error = new PluginError(code as PluginErrorCode, {} as never, "");
    expect([code, error.retryable ? "yes" : "no"]).toEqual([code, retryable]);
  }
});

it("recognises an error of another installed copy of the package, and tells its code", async () => {
  // A query makes Node and vite load the same file once more, as a second installed copy would be.
  const path = "../../src/contract/errors.ts?second-copy";
  const copy = (await import(path)) as { readonly PluginError: typeof PluginError };
  const error: unknown = new copy.PluginError("ATLAS_PLUGINS_JOB_NOT_FOUND", { id: "j1" }, "No.");
  expect(copy.PluginError).not.toBe(PluginError);
  expect(error).not.toBeInstanceOf(PluginError);
  expect(isPluginError(error)).toBe(true);
  expect(isPluginError(error, "ATLAS_PLUGINS_JOB_NOT_FOUND")).toBe(true);
  expect(isPluginError(error, "ATLAS_PLUGINS_CANCELLED")).toBe(false);
});

it.each([
  undefined,
  null,
  "ATLAS_PLUGINS_CANCELLED",
  {},
  Object.assign(new Error("alike"), { name: "PluginError", code: "ATLAS_PLUGINS_CANCELLED" }),
])("takes %o for no error of its own", (value) => {
  expect(isPluginError(value)).toBe(false);
});
