import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { toLLMError } from "../../src/ai-sdk/failures/to-llm-error.ts";
import { failureOf } from "../../src/contract/failure-kind.ts";
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

it("recognises an error that a second copy of the package made", async () => {
  const secondCopy = "../../src/contract/errors.ts?second-copy";
  // The same file, so the same exports.
  const other = (await import(/* @vite-ignore */ secondCopy)) as { readonly LLMError: typeof LLMError };
  const error: unknown = new other.LLMError("ATLAS_LLM_UNAVAILABLE", { provider: "a", status: 503 }, "Down.");

  expect(error).not.toBeInstanceOf(LLMError);
  expect(isLLMError(error)).toBe(true);
  expect(isLLMError(error, "ATLAS_LLM_UNAVAILABLE") && error.details.status).toBe(503);
  expect(isLLMError(error, "ATLAS_LLM_FAILED")).toBe(false);
  // The router still knows what such an error means.
  expect(failureOf(toLLMError(error, { provider: "b", now: 0 }))).toMatchObject({ kind: "unavailable" });
});

it("treats a code of a newer copy of the package as a plain failure", () => {
  const error = new LLMError("ATLAS_LLM_OF_TOMORROW" as LLMErrorCode, { provider: "a" } as never, "New.");
  expect(failureOf(error).kind).toBe("failed");
});

it.each([undefined, null, "LLMError", {}, new Error("x"), { name: "LLMError", code: "ATLAS_LLM_FAILED" }])(
  "does not take %s for one of its errors",
  (value) => {
    expect(isLLMError(value)).toBe(false);
  },
);
