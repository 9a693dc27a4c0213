import { existsSync, readFileSync } from "node:fs";
import { inspect } from "node:util";
import { expect, it } from "vitest";
import { CoreError, type CoreErrorCode, isCoreError } from "../../src/index.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const codesIn = (text: string, pattern: RegExp): readonly string[] =>
  [...new Set([...text.matchAll(pattern)].map(([, code]) => code as string))].sort();

// Each is a key of CoreErrorDetails.
const declared = codesIn(
  read("../../src/contract/errors.ts"),
  /^ {2}(ATLAS_CORE_[A-Z_]+):/gm,
) as readonly CoreErrorCode[];

it("has a row in docs/errors.md for every code, and no row for a code that is gone", () => {
  expect(existsSync(new URL("../../../../docs/errors.md", import.meta.url))).toBe(true);
  expect(declared.length).toBeGreaterThan(20);
  expect(codesIn(read("../../../../docs/errors.md"), /^\| *`(ATLAS_CORE_[A-Z_]+)`/gm)).toEqual(declared);
});

it("says in docs/errors.md which codes are retryable as the errors themselves do", () => {
  for (const code of declared) {
    const [, documented] =
      new RegExp(`^\\| *\`${code}\` *\\|[^|]*\\| *(yes|no)`, "m").exec(read("../../../../docs/errors.md")) ??
      [];
    expect(documented, code).toBe(new CoreError<string>(code, {}, "").retryable ? "yes" : "no");
  }
});

it("is known by its class and by its code", () => {
  const error = new CoreError("ATLAS_CORE_NOT_FOUND", { id: "a" }, "There is no a.", { cause: 7 });
  expect(error).toBeInstanceOf(Error);
  expect(error.name).toBe("CoreError");
  expect(error.cause).toBe(7);
  expect([
    isCoreError(error),
    isCoreError(error, "ATLAS_CORE_NOT_FOUND"),
    isCoreError(error, "ATLAS_CORE_STOPPED"),
  ]).toEqual([true, true, false]);
  expect(isCoreError(new Error("other"))).toBe(false);
});

it("recognises an error that a second copy of the package made", async () => {
  const secondCopy = "../../src/contract/errors.ts?second-copy";
  // The same file, so the same exports.
  const other = (await import(/* @vite-ignore */ secondCopy)) as { readonly CoreError: typeof CoreError };
  const error: unknown = new other.CoreError("ATLAS_CORE_NOT_FOUND", { id: "a" }, "There is no a.");

  expect(error).not.toBeInstanceOf(CoreError);
  expect(isCoreError(error)).toBe(true);
  expect(isCoreError(error, "ATLAS_CORE_NOT_FOUND") && error.details.id).toBe("a");
  expect(isCoreError(error, "ATLAS_CORE_STOPPED")).toBe(false);
});

it("does not take other values for one of its errors", () => {
  for (const value of [
    undefined,
    null,
    "CoreError",
    7,
    {},
    { name: "CoreError", code: "ATLAS_CORE_STOPPED" },
  ]) {
    expect(isCoreError(value)).toBe(false);
  }
});

it("types the details of an error by its code", () => {
  // @ts-expect-error These are not the details of that code.
  const wrong = new CoreError("ATLAS_CORE_NOT_FOUND", { path: "a" }, "");
  expect(wrong.code).toBe("ATLAS_CORE_NOT_FOUND");
  // A module refuses with a code of its own, and with any details.
  expect(new CoreError("LAB_NO_ROW", { path: "a" }, "").retryable).toBe(false);
});

it("shows an error without the mark by which copies recognise each other", () => {
  expect(inspect(new CoreError("ATLAS_CORE_STOPPED", {}, "Stopped."))).not.toContain("Symbol");
});
