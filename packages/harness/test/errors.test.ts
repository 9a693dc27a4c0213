import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { HarnessError, type HarnessErrorCode, isHarnessError } from "../src/index.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const codesIn = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(([, code]) => code as string);

const declared = codesIn(read("../src/contract/errors.ts"), /^ {2}(ATLAS_HARNESS_[A-Z_]+): (?!")/gm);
const document = read("../../../docs/errors.md");

it("has a row in docs/errors.md for every code, in their order, and no row for a code that is gone", () => {
  expect(declared.length).toBeGreaterThan(15);
  expect(codesIn(document, /^\| *`(ATLAS_HARNESS_[A-Z_]+)`/gm)).toEqual(declared);
});

it.each(declared)("says in docs/errors.md of %s what the error says: retryable or not", (code) => {
  const [, documented] = new RegExp(`^\\| *\`${code}\` *\\|[^|]*\\| *(yes|no)`, "m").exec(document) ?? [];
  const error = new HarnessError(code as HarnessErrorCode, { harness: "a" } as never, "");
  expect(documented).toBe(error.retryable ? "yes" : "no");
});

it("is known by its class and by its code, also where a second copy of the package made it", async () => {
  const secondCopy = "../src/contract/errors.ts?second-copy";
  // The same file, so the same exports.
  const other = (await import(/* @vite-ignore */ secondCopy)) as {
    readonly HarnessError: typeof HarnessError;
  };
  const error: unknown = new other.HarnessError("ATLAS_HARNESS_BUSY", { root: "/srv" }, "Busy.", {
    cause: 7,
  });
  expect(error).not.toBeInstanceOf(HarnessError);
  expect(isHarnessError(error)).toBe(true);
  expect(isHarnessError(error, "ATLAS_HARNESS_BUSY") && [error.details.root, error.cause]).toEqual([
    "/srv",
    7,
  ]);
  expect(isHarnessError(error, "ATLAS_HARNESS_FAILED")).toBe(false);
  for (const value of [undefined, null, "HarnessError", {}, new Error("x")])
    expect(isHarnessError(value)).toBe(false);
});
