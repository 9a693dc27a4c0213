import { expect, it } from "vitest";
import { filesLike, readText } from "../../../test/support/checkout.ts";

it("has a row in docs/errors.md for every code, and no row for a code that is gone", () => {
  const source = filesLike("packages/cli/src/**/*.ts").map(readText).join("\n");
  const codes = (text: string, pattern: RegExp) => [...new Set(text.match(pattern))].sort();
  const declared = codes(source, /ATLAS_CLI_[A-Z_]+/g);
  expect(declared.length).toBeGreaterThan(5);
  const rows = readText("docs/errors.md").match(/^\| *`ATLAS_CLI_[A-Z_]+`/gm) ?? [];
  expect(codes(rows.join("\n"), /ATLAS_CLI_[A-Z_]+/g)).toEqual(declared);
});
