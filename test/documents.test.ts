import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { filesLike, readJson, readText, root } from "./support/checkout.ts";
import { allExamples, documentFiles, examplesIn, type Program, programsIn } from "./support/documents.ts";

const programs = [...documentFiles().flatMap((path) => programsIn(path, readText(path))), ...allExamples()];

describe("every program in the documents and doc comments", () => {
  let folder = "";
  let complaints: ReadonlyMap<string, readonly string[]>;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "documents-"));
    write(folder, programs);
    complaints = compile(folder, programs);
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(programs)("$place compiles", ({ file }) => {
    expect(complaints.get(file) ?? []).toEqual([]);
  });

  it.each(programs)(
    "$place runs, and ends",
    async ({ file }) => {
      expect(await run(join(folder, file))).toBe("");
    },
    30_000,
  );

  it("would be seen to fail", async () => {
    const wrong = programsIn(
      "wrong.md",
      "```ts\nconst one: string = 1;\nthrow new Error(one + ' is wrong');\n```\n",
    );
    write(folder, wrong);
    expect(compile(folder, wrong).get(wrong[0]?.file ?? "")).toEqual([
      expect.stringContaining("not assignable"),
    ]);
    expect(await run(join(folder, wrong[0]?.file ?? ""))).toContain("1 is wrong");
  }, 30_000);
});

describe("the search for programs", () => {
  it("takes each block marked ts, and leaves fragments and other languages alone", () => {
    const markdown =
      "```ts\n1;\n```\n\n```ts fragment\n2;\n```\n\n```sh\n3\n```\n\n```ts\n// four.ts\n4;\n```\n";
    expect(programsIn("a.md", markdown)).toEqual([
      { place: "a.md:2", file: join("a-md", "line-2.ts"), text: "1;\n" },
      { place: "a.md:14", file: join("a-md", "four.ts"), text: "// four.ts\n4;\n" },
    ]);
  });

  it("imports what an example uses and does not declare", () => {
    const source =
      "/**\n * Text.\n *\n * @example\n * ```ts\n * const b = a();\n * assert.ok(b);\n * ```\n */\n";
    const names = new Map(["a", "b"].map((name) => [name, { specifier: "@atlas/x", isType: false }]));
    expect(examplesIn("src/a.ts", source, names).map(({ text }) => text)).toEqual([
      'import assert from "node:assert/strict";\nimport { a } from "@atlas/x";\nexport {};\nconst b = a();\nassert.ok(b);\n',
    ]);
  });

  it("overlooks no example", () => {
    const sources = filesLike("packages/*/src/**/*.ts").map(readText);
    const tags = sources.flatMap((text) => text.match(/@example/g) ?? []).length;
    expect(allExamples()).toHaveLength(tags);
  });
});

it("names only scripts that exist", () => {
  const { scripts } = readJson<{ readonly scripts: Readonly<Record<string, string>> }>("package.json");
  const texts = [...documentFiles(), "AGENTS.md", "CONTRIBUTING.md"].map(readText);
  const named = texts.flatMap((text) => [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => name));
  expect(named.filter((name) => scripts[name ?? ""] === undefined)).toEqual([]);
});

it("links only to files that exist", () => {
  // What typedoc makes has copies of documents, whose links lead from elsewhere.
  const files = ["README.md", "AGENTS.md", "CONTRIBUTING.md", "docs/**/*.md", "packages/*/README.md"]
    .flatMap(filesLike)
    .filter((file) => !file.startsWith("docs/api/"));
  const broken = files.flatMap((file) =>
    [...readText(file).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)]
      .map(([, target = ""]) => join(dirname(file), target))
      .filter((target) => filesLike(target).length === 0)
      .map((target) => `${file} → ${target}`),
  );
  expect(broken).toEqual([]);
});

it("defines each term of the glossary once", () => {
  const terms = [...readText("docs/glossary.md").matchAll(/^\*\*(.+?)\*\*/gm)].map(([, term]) =>
    term?.toLowerCase(),
  );
  expect(terms.length).toBeGreaterThan(20);
  expect(terms.filter((term, index) => terms.indexOf(term) !== index)).toEqual([]);
  expect(terms).toEqual([...terms].sort());
});

/** Lays the programs into a folder in which `@atlas/…` is found as it is here. */
function write(folder: string, list: readonly Program[]): void {
  for (const { file, text } of list) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const modules = join(folder, "node_modules");
  rmSync(modules, { force: true });
  symlinkSync(join(root, "node_modules"), modules, "junction");
}

/** What the compiler has to say, by file, with this repository's own settings. */
function compile(folder: string, list: readonly Program[]): ReadonlyMap<string, readonly string[]> {
  const { config } = ts.readConfigFile(join(root, "tsconfig.base.json"), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const program = ts.createProgram(
    list.map(({ file }) => join(folder, file)),
    {
      ...options,
      composite: false,
      noEmit: true,
      emitDeclarationOnly: false,
      typeRoots: [join(root, "node_modules/@types")],
    },
  );
  const complaints = new Map<string, readonly string[]>();
  for (const { file } of list) {
    const source = program.getSourceFile(join(folder, file));
    if (source === undefined) throw new Error(`The compiler did not find "${file}".`);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    complaints.set(
      file,
      found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n")),
    );
  }
  return complaints;
}

/** Runs a program as its reader would; returns what it complained of. */
function run(path: string): Promise<string> {
  const args = ["--conditions=@atlas/source", "--disable-warning=ExperimentalWarning", path];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: dirname(path), timeout: 20_000 }, (error, _, stderr) => {
      resolve(error === null ? "" : error.killed === true ? "did not end" : stderr);
    });
  });
}
