import { join } from "node:path";
import { filesLike, packageNames, readJson, readText } from "./checkout.ts";

/**
 * A program found in a document. In Markdown it is every fenced block marked `ts`; a block that is only a part of
 * something is marked `ts fragment` and is not run. A first line `// name.ts` names the block, so that the others of its
 * document can import it. In a doc comment it is the block below `@example`, which gets its imports from us.
 */
export interface Program {
  /** Where it stands, such as `README.md:12`. */
  readonly place: string;
  /** Where it is written to, relative to a folder for all of them. */
  readonly file: string;
  readonly text: string;
}

/** Documents whose programs are run. */
export const documentFiles = (): readonly string[] =>
  ["README.md", "docs/*.md", "docs/guides/*.md", "packages/*/README.md"].flatMap(filesLike);

/** The programs of a Markdown document. */
export function programsIn(path: string, markdown: string): readonly Program[] {
  const folder = path.replaceAll(/[^\w]+/g, "-").toLowerCase();
  return [...markdown.matchAll(/^```ts *(.*)\n([\s\S]*?)^```$/gm)]
    .filter(([, mark]) => mark !== "fragment")
    .map(({ index, 2: text = "" }) => {
      const line = lineOf(markdown, index) + 1;
      const name = /^\/\/ ([\w-]+\.ts)\n/.exec(text)?.[1] ?? `line-${line}.ts`;
      return { place: `${path}:${line}`, file: join(folder, name), text };
    });
}

/** The examples in the doc comments of a package's source file. `names` are the package's public names. */
export function examplesIn(
  path: string,
  source: string,
  names: ReadonlyMap<string, Origin>,
): readonly Program[] {
  const pattern = /^[ \t]*\* @example\n[ \t]*\* ```ts\n((?:[ \t]*\*.*\n)*?)[ \t]*\* ```$/gm;
  return [...source.matchAll(pattern)].map(({ index, 1: comment = "" }) => {
    const line = lineOf(source, index) + 2;
    const text = comment.replaceAll(/^[ \t]*\* ?/gm, "");
    const file = join("examples", `${path.replaceAll(/[^\w]+/g, "-")}-line-${line}.ts`);
    return { place: `${path}:${line}`, file, text: `${importsFor(text, names)}${text}` };
  });
}

/** Where a name comes from. */
export interface Origin {
  readonly specifier: string;
  readonly isType: boolean;
}

/**
 * What an example of a package may use without saying so: the package's public names, `assert`, `z`, and what the guide
 * to modules defines, which is the module that the doc comments speak of.
 */
function namesForExamples(name: string): ReadonlyMap<string, Origin> {
  const guide = exportsOf(firstProgram("docs/guides/modules.md"), "../docs-guides-modules-md/finops.ts");
  const { exports } = readJson<{
    readonly exports: Readonly<Record<string, Record<string, string> | string>>;
  }>(`packages/${name}/package.json`);
  const own = Object.entries(exports).flatMap(([subpath, target]) => {
    const source = typeof target === "string" ? undefined : target["@atlas/source"];
    if (source === undefined) return [];
    return exportsOf(
      readText(join("packages", name, source)),
      join("@atlas", name, subpath).replaceAll("\\", "/"),
    );
  });
  return new Map([...guide, ["z", { specifier: "zod", isType: false }], ...own]);
}

/** The examples of all packages. */
export function allExamples(): readonly Program[] {
  return packageNames.flatMap((name) =>
    filesLike(`packages/${name}/src/**/*.ts`).flatMap((path) =>
      examplesIn(path, readText(path), namesForExamples(name)),
    ),
  );
}

function firstProgram(path: string): string {
  return programsIn(path, readText(path))[0]?.text ?? "";
}

/** The names that a module exports, by its statements. */
function exportsOf(text: string, specifier: string): readonly (readonly [string, Origin])[] {
  const listed = [...text.matchAll(/^export (type )?\{([^}]*)\}/gm)].flatMap(([, allTypes, list = ""]) =>
    list
      .split(",")
      .map((entry) => entry.trim())
      .filter((entry) => entry !== "")
      .map(
        (entry) =>
          [entry.replace(/^type /, ""), allTypes !== undefined || entry.startsWith("type ")] as const,
      ),
  );
  const declared = [...text.matchAll(/^export (const|function|interface|type) (\w+)/gm)].map(
    ([, kind, name = ""]) => [name, kind === "interface" || kind === "type"] as const,
  );
  return [...listed, ...declared].map(([name, isType]) => [name, { specifier, isType }]);
}

function importsFor(text: string, names: ReadonlyMap<string, Origin>): string {
  const words = new Set(text.match(/\b[A-Za-z_]\w*\b/g));
  const declared = new Set(
    [...text.matchAll(/\b(?:const|let|function|class|interface|type) (\w+)/g)].map(([, name]) => name),
  );
  const lines = [...names]
    .filter(([name]) => words.has(name) && !declared.has(name))
    .map(
      ([name, { specifier, isType }]) => `import ${isType ? "type " : ""}{ ${name} } from "${specifier}";\n`,
    );
  const needed = words.has("assert") ? ['import assert from "node:assert/strict";\n', ...lines] : lines;
  return `${needed.join("")}export {};\n`;
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}
