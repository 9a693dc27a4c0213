import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { contracts } from "../../../src/http/contract/all-contracts.ts";
import type { RouteContract } from "../../../src/http/contract/route.ts";

it("has a row in the guide for every route", async () => {
  const guide = await readFile(new URL("../../../../../docs/guides/http-api.md", import.meta.url), "utf8");
  const rows = guide.split("\n").filter((line) => line.startsWith("| `"));
  const wanted = Object.values<RouteContract>(contracts).map(({ id, method, path, scope }) => {
    const needed = scope === "public" ? "none" : `\`${scope.group}:${scope.access}\``;
    return `| \`${id}\` | \`${method} ${path}\` | ${needed} |`;
  });
  expect(rows).toEqual(wanted);
});
