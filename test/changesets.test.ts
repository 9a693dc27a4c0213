import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { fullNameOf, packageNames, root } from "./support/checkout.ts";

const files = readdirSync(join(root, ".changeset")).filter((name) => name.endsWith(".md"));
const packages = packageNames.map(fullNameOf);

it.each(files)("%s names packages of this repository, and says something to their users", (name) => {
  const text = readFileSync(join(root, ".changeset", name), "utf8");
  // A formatter of Markdown would make a heading of it.
  const [, head = "", body = ""] =
    /^---\n((?:"[^"\n]+": (?:major|minor|patch)\n)+)---\n\n([\s\S]+)$/.exec(text) ?? [];
  const named = head.split("\n").flatMap((line) => /^"([^"]+)"/.exec(line)?.[1] ?? []);
  expect(named).not.toEqual([]);
  for (const one of named) expect(packages).toContain(one);
  expect(body.trim()).not.toBe("");
});
