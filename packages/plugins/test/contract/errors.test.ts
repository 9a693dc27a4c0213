import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PluginError, type PluginErrorCode } from "../../src/index.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const codesIn = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map(([, code]) => code ?? ""))].sort();

it("has a row in docs/errors.md for every code, and no row for a code that is gone", () => {
  const declared = codesIn(read("../../src/contract/errors.ts"), /^ {2}(ATLAS_PLUGINS_[A-Z_]+):/gm);
  // A refusal between the runners: it never comes to a caller as a PluginError.
  const all = [...declared, "ATLAS_PLUGINS_NOT_WAITING"].sort();
  expect(codesIn(read("../../../../docs/errors.md"), /^\| *`(ATLAS_PLUGINS_[A-Z_]+)`/gm)).toEqual(all);
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
