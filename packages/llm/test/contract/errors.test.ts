import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { isLLMError, LLMError, type LLMErrorCode } from "../../src/index.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const codesIn = (text: string, pattern: RegExp): readonly string[] =>
  [...new Set([...text.matchAll(pattern)].map(([, code]) => code as string))].sort();

const declared = codesIn(read("../../src/contract/errors.ts"), /^ {2}(ATLAS_LLM_[A-Z_]+):/gm);
const document = read("../../../../docs/errors.md");

it("has a row in docs/errors.md for every code, and no row for a code that is gone", () => {
  expect(declared.length).toBeGreaterThan(9);
  expect(codesIn(document, /^\| *`(ATLAS_LLM_[A-Z_]+)`/gm)).toEqual(declared);
});

it.each(declared)("says in docs/errors.md of %s what the error says: retryable or not", (code) => {
  const [, documented] = new RegExp(`^\\| *\`${code}\` *\\|[^|]*\\| *(yes|no)`, "m").exec(document) ?? [];
  const error = new LLMError(code as LLMErrorCode, { provider: "a", text: "" } as never, "");
  expect(documented).toBe(error.retryable ? "yes" : "no");
});

it("is known by its class and by its code", () => {
  const error = new LLMError("ATLAS_LLM_REJECTED", { provider: "a", status: 400 }, "No.", { cause: 7 });
  expect([error.name, error.cause, error.route]).toEqual(["LLMError", 7, undefined]);
  expect([
    isLLMError(error),
    isLLMError(error, "ATLAS_LLM_REJECTED"),
    isLLMError(error, "ATLAS_LLM_FAILED"),
    isLLMError(new Error("other")),
  ]).toEqual([true, true, false, false]);
});
