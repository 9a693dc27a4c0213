import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PROBLEMS } from "../src/http/problem/problem-codes.ts";
import { GatewayError, isGatewayError } from "../src/index.ts";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");
const codesIn = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map(([, code]) => code ?? ""))].sort();

it("has a row in docs/errors.md for every code, and no row for a code that is gone", () => {
  const declared = codesIn(read("../src/errors.ts"), /^ {2}(ATLAS_GATEWAY_[A-Z_]+):/gm);
  expect(declared).not.toEqual([]);
  expect(codesIn(read("../../../docs/errors.md"), /^\| *`(ATLAS_GATEWAY_[A-Z_]+)`/gm)).toEqual(declared);
});

it("recognises its own errors by a brand, and nothing else", () => {
  const details = { extension: "x", during: "start" } as const;
  const error: unknown = new GatewayError("ATLAS_GATEWAY_EXTENSION_FAILED", details, "No.");
  expect(isGatewayError(error)).toBe(true);
  expect(isGatewayError(error, "ATLAS_GATEWAY_EXTENSION_FAILED")).toBe(true);
  for (const other of [undefined, null, "x", {}, new Error("x")]) expect(isGatewayError(other)).toBe(false);
});

it("has a row in docs/errors.md for every code of a problem, with its status", () => {
  const rows = [...read("../../../docs/errors.md").matchAll(/^\| *`(ATLAS_HTTP_[A-Z_]+)` *\| *(\w+)/gm)];
  const listed = rows.map(([, code = "", status = ""]) => [code, status]);
  const known = Object.entries(PROBLEMS).map(([code, status]) => [code, String(status)]);
  expect(listed.sort()).toEqual([...known, ["ATLAS_HTTP_TOKEN_REQUIRED", "none"]].sort());
});
