import { expect, it } from "vitest";
import { boundaries } from "../scripts/packages.ts";
import { references } from "../scripts/references.ts";
import { importViolations, type Manifest, manifestViolations, upwardEdges } from "./support/boundaries.ts";
import { filesLike, packageNames, readJson, readText } from "./support/checkout.ts";

const manifestOf = (name: string) => readJson<Manifest>(`packages/${name}/package.json`);

it("has a row for each package", () => {
  expect(Object.keys(boundaries).sort()).toEqual(packageNames);
});

it("allows no edge that points back up", () => {
  expect(upwardEdges(boundaries)).toEqual([]);
  const cycle = { core: { imports: ["llm"], thirdParty: [] }, llm: { imports: ["core"], thirdParty: [] } };
  expect(upwardEdges(cycle)).toEqual(["core → llm"]);
  const folder = {
    core: { imports: [], thirdParty: [], onlyUnder: [{ folder: "a", imports: ["llm"] }] },
    llm: { imports: [], thirdParty: [] },
  };
  expect(upwardEdges(folder)).toEqual(["core → llm"]);
});

it.each(packageNames)("%s names in its package.json what the table allows", (name) => {
  expect(manifestViolations(name, manifestOf(name))).toEqual([]);
});

it.each(packageNames)("%s imports what the table allows and its package.json names", (name) => {
  const files = filesLike(`packages/${name}/src/**/*.ts`);
  const folder = `packages/${name}/src/`;
  expect(files).not.toEqual([]);
  const found = files.flatMap((path) =>
    importViolations(name, manifestOf(name), { file: path.slice(folder.length), text: readText(path) }),
  );
  expect(found).toEqual([]);
});

// `tsc -b` does not report a missing reference: it treats the linked package as a foreign one.
it.each(references())("$path is what npm run references writes", ({ path, content }) => {
  expect(readJson(path)).toEqual(content);
});

it.each([
  ["a package above", "core", "store.ts", 'import type { Gateway } from "@atlas/gateway";', "does not allow"],
  [
    "a value where only types are allowed",
    "plugins",
    "a.ts",
    'import { mock } from "@atlas/llm";',
    "import type",
  ],
  ["a value among types", "plugins", "a.ts", 'import { type LLM } from "@atlas/llm";', "import type"],
  ["a re-exported value", "plugins", "a.ts", 'export { mock } from "@atlas/llm";', "import type"],
  ["a value loaded later", "core", "a.ts", 'await import("@atlas/llm");', "does not allow"],
  ["the type of a package above", "core", "a.ts", 'type A = import("@atlas/llm").LLM;', "does not allow"],
  ["a sibling's file", "core", "model/a.ts", 'import "../../../llm/src/mock.ts";', "outside of its own src"],
  ["an undeclared library", "core", "a.ts", 'import pino from "pino";', "does not allow"],
  [
    "an allowed library that is not named",
    "plugins",
    "a.ts",
    'import { Cron } from "croner";',
    "does not name",
  ],
  [
    "the HTTP library outside of http",
    "gateway",
    "gateway.ts",
    'import { Hono } from "hono";',
    "does not allow",
  ],
  ["core outside of a module", "llm", "runtime.ts", 'import { query } from "@atlas/core";', "does not allow"],
  [
    "core's types outside of a module",
    "llm",
    "a.ts",
    'import type { Id } from "@atlas/core";',
    "does not allow",
  ],
])("would catch %s", (_, name, file, text, problem) => {
  const manifest = { dependencies: { "@atlas/core": "1", "@atlas/llm": "1", hono: "1" } };
  expect(importViolations(name, manifest, { file, text })).toEqual([expect.stringContaining(problem)]);
});

it.each([
  ["types of a package", "plugins", "a.ts", 'import type { LLM } from "@atlas/llm";'],
  [
    "Node itself and its own files",
    "core",
    "model/a.ts",
    'import "node:fs"; import "../store.ts"; import "./b.ts";',
  ],
  ["the HTTP library below http", "gateway", "http/app.ts", 'import { Hono } from "hono";'],
  ["core in a module", "llm", "module/queries.ts", 'import { query } from "@atlas/core";'],
])("would let pass %s", (_, name, file, text) => {
  const manifest = { dependencies: { "@atlas/core": "1", "@atlas/llm": "1", hono: "1" } };
  expect(importViolations(name, manifest, { file, text })).toEqual([]);
});

it("would catch an edge in a package.json", () => {
  expect(manifestViolations("core", { peerDependencies: { "@atlas/llm": "1" } })).toEqual([
    expect.stringContaining('"@atlas/llm"'),
  ]);
});
