import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { CoreError, isCoreError } from "../../src/index.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const codesIn = (text: string, pattern: RegExp): readonly string[] =>
  [...new Set([...text.matchAll(pattern)].map(([, code]) => code as string))].sort();

const declared = codesIn(read("../../src/contract/errors.ts"), /^ {2}(ATLAS_CORE_[A-Z_]+):/gm);

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
    expect(documented, code).toBe(new CoreError(code, {}, "").retryable ? "yes" : "no");
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
