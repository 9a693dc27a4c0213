import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { root } from "./support/checkout.ts";
import { publicNames } from "./support/public-names.ts";

/** Writes an entry file into this test's own folder and reads its names. */
function namesOf(text: string) {
  const folder = join(process.cwd(), "entry");
  mkdirSync(folder);
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "index.ts");
  writeFileSync(file, text);
  return publicNames(relative(root, file));
}

it("tells values from types, in exports of other files and in declarations", () => {
  const names = namesOf(`
    export type { Shape } from "./shape.ts";
    export { createThing, type Thing, inner as outer } from "./thing.ts";
    export interface Options { readonly a: number }
    export type Either = 1 | 2;
    export function make(a: 1): 1;
    export function make(a: number): number { return a; }
    export class Failure extends Error {}
    export const LIMIT = 1, OTHER = 2;
    const hidden = 3;
  `);
  expect(names).toEqual({
    values: ["Failure", "LIMIT", "OTHER", "createThing", "make", "outer"],
    types: ["Either", "Options", "Shape", "Thing"],
  });
});

it("refuses an entry file that does not list its names", () => {
  expect(() => namesOf('export * from "./thing.ts";')).toThrow("does not list the names");
});
