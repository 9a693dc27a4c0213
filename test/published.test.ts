import { expect, it } from "vitest";
import { llmsFullText, llmsText } from "../scripts/llms-text.ts";
import { linkedFiles, publishedLinks } from "../scripts/published-links.ts";
import { publishedManifest } from "../scripts/published-manifest.ts";
import { STAGED } from "../scripts/stage.ts";
import { packageNames, readJson } from "./support/checkout.ts";

it("publishes neither the source condition nor what only this repository needs", () => {
  const manifest = {
    name: "@atlas/x",
    files: ["dist"],
    scripts: { build: "tsup" },
    devDependencies: { zod: "4" },
    dependencies: { zod: "4" },
    exports: {
      ".": { "@atlas/source": "./src/index.ts", types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./package.json": "./package.json",
    },
    publishConfig: { access: "public", directory: "../../dist/packages/x" },
  };
  expect(publishedManifest(manifest)).toEqual({
    name: "@atlas/x",
    dependencies: { zod: "4" },
    exports: {
      ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./package.json": "./package.json",
    },
    publishConfig: { access: "public" },
  });
});

it.each(packageNames)("the package in %s is published from its staged folder, and can be found", (name) => {
  const manifest = readJson<Readonly<Record<string, unknown>>>(`packages/${name}/package.json`);
  expect(manifest["publishConfig"]).toEqual({ access: "public", directory: `../../${STAGED}/${name}` });
  expect(manifest).toMatchObject({
    description: expect.stringMatching(/\.$/),
    keywords: expect.arrayContaining(["atlas"]),
    homepage: expect.stringContaining(`packages/${name}`),
    bugs: { url: expect.any(String) },
    repository: { directory: `packages/${name}` },
  });
});

const shipped = new Map([
  ["packages/core/README.md", "README.md"],
  ["docs/guides/history.md", "docs/guides/history.md"],
]);

it.each([
  ["a shipped document", "[H](../../docs/guides/history.md#past)", "[H](docs/guides/history.md#past)"],
  ["another document", "[E](../../docs/errors.md)", "E (`docs/errors.md` in `@atlas/gateway`)"],
  ["a package", "[`@atlas/llm`](../llm/README.md)", "`@atlas/llm`"],
  ["an example", "[1](../../examples/a.ts)", "1 (`examples/a.ts` in the repository)"],
  ["another site", "[S](https://sqlite.org/#wal)", "[S](https://sqlite.org/#wal)"],
  ["a heading", "[below](#below)", "[below](#below)"],
])("makes a link to %s work in a package", (_, before, after) => {
  expect(publishedLinks(before, "packages/core/README.md", shipped)).toBe(after);
});

it("keeps links between shipped documents relative", () => {
  const text = "[core](../../packages/core/README.md)";
  expect(publishedLinks(text, "docs/guides/history.md", shipped)).toBe("[core](../../README.md)");
});

it("finds the files that a document links to, without headings and other sites", () => {
  const text = "[a](../../docs/a.md#b) [c](https://c.example/) [d](#d)";
  expect(linkedFiles(text, "packages/core/README.md")).toEqual(["docs/a.md"]);
});

it("indexes documents by title and first sentence", () => {
  const documents = [
    { path: "guides/a.md", text: "# A guide\n\n```ts\n1;\n```\n\nIt [links](b.md) here. More.\n" },
    { path: "b.md", text: "# B\n\nEnds with a colon:\n\n- x\n" },
  ];
  expect(llmsText(documents)).toMatch(
    /^# Atlas\n\n> [^#]+## Docs\n\n- \[A guide\]\(guides\/a\.md\): It links here\.\n- \[B\]\(b\.md\): Ends with a colon\.\n$/,
  );
  expect(llmsFullText(documents)).toContain("<!-- guides/a.md -->\n\n# A guide\n");
});
