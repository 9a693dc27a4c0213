import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

it("has a row in docs/errors.md for every code, as not retryable, and no row for a code that is gone", () => {
  const declared = [...read("../src/errors.ts").matchAll(/^ {2}(ATLAS_ROUTING_[A-Z_]+):/gm)];
  const rows = read("../../../docs/errors.md").matchAll(/^\| *`(ATLAS_ROUTING_[A-Z_]+)` *\|[^|]*\| *no /gm);
  expect(declared).toHaveLength(2);
  expect([...rows].map(([, code]) => code)).toEqual(declared.map(([, code]) => code));
});
