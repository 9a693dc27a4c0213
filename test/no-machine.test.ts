import { homedir, tmpdir } from "node:os";
import { expect, it } from "vitest";
import { readText, root, trackedFiles } from "./support/checkout.ts";

// Written so that this file does not match itself.
const HOME = "(?<![\\w.])/(?:home|Users)/(?!user\\b)[\\w.-]+/";
const ROOT = "(?<![\\w.])/roo[t]/\\w";
const WINDOWS = "[A-Z]:[\\\\]+Users[\\\\]";
const TEMPORARY = "(?<![\\w.:/-])/(?:tm[p]|wor[k])/[\\w.-]+";
const path = new RegExp([HOME, ROOT, WINDOWS, TEMPORARY].join("|"));

// The public registry as well: it is a setting of the machine, and a lock that names it ignores that setting.
const registry =
  /registr[y]\.(?:npmjs|yarnpkg)|https?:\/\/[^\s"'`/]*(?:registr[y]|verdacci[o]|nexu[s]|artifactor[y])/i;

it("holds no path of the machine it was written on", () => {
  const own = [root, homedir(), tmpdir()].filter((folder) => folder.length > 1).map((folder) => `${folder}/`);
  expect(filesWith((text) => path.test(text) || own.some((folder) => text.includes(folder)))).toEqual([]);
});

it("holds no registry address", () => {
  expect(filesWith((text) => registry.test(text))).toEqual([]);
});

it.each([
  ["a home folder", path, "/hom" + "e/ann/atlas/x.ts", true],
  ["a home folder of macOS", path, "see /User" + "s/ann/x", true],
  ["a home folder of Windows", path, "C:\\User" + "s\\ann", true],
  ["a temporary folder", path, "in /tm" + "p/atlas-1/x", true],
  ["the placeholder of documents", path, "/home/user/atlas", false],
  ["part of an address", path, "https://host/tm" + "p/x", false],
  ["the public registry", registry, "https://registr" + "y.npmjs.org/zod", true],
  ["a registry of one's own", registry, "http://npm-registr" + "y.internal:4873/zod", true],
  ["a package's page", registry, "https://www.npmjs.com/package/zod", false],
])("tells %s", (_, pattern, text, matches) => {
  expect(pattern.test(text)).toBe(matches);
});

function filesWith(matches: (text: string) => boolean): readonly string[] {
  return trackedFiles().filter((file) => matches(textOf(file)));
}

function textOf(file: string): string {
  try {
    return readText(file);
  } catch {
    // Deleted in the working tree.
    return "";
  }
}
