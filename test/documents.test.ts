import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { filesLike, readJson, readText, root } from "./support/checkout.ts";
import { allExamples, documentFiles, examplesIn, type Program, programsIn } from "./support/documents.ts";

const programs = [...documentFiles().flatMap((path) => programsIn(path, readText(path))), ...allExamples()];

describe("every program in the documents and doc comments", () => {
  let folder = "";
  let complaints: ReadonlyMap<string, readonly string[]>;
  let runs: ReadonlyMap<string, string>;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "documents-"));
    write(folder, programs);
    complaints = compile(folder, programs);
    runs = await run(folder, programs);
  }, 240_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(programs)("$place compiles", ({ file }) => {
    expect(complaints.get(file) ?? []).toEqual([]);
  });

  it.each(programs)("$place runs, and ends", ({ file }) => {
    expect(runs.get(file)).toBe("");
  });

  it("would be seen to fail", async () => {
    const wrong = programsIn(
      "wrong.md",
      [
        "const one: string = 1;\nthrow new Error(one + ' is wrong');",
        "void Promise.reject(new Error('nobody waits'));",
        "setInterval(() => undefined, 1_000);",
        "export const right = 1;",
      ]
        .map((program) => `\`\`\`ts\n${program}\n\`\`\`\n`)
        .join("\n"),
    );
    write(folder, wrong);
    expect(compile(folder, wrong).get(wrong[0]?.file ?? "")).toEqual([
      expect.stringContaining("not assignable"),
    ]);
    expect([...(await run(folder, wrong)).values()]).toEqual([
      expect.stringContaining("1 is wrong"),
      expect.stringContaining("nobody waits"),
      expect.stringContaining("does not end: Timeout"),
      // The timer of the one before is still there.
      expect.stringContaining("does not end"),
    ]);
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

/** Runs the programs, each in its own folder; what each complained of, by file. */
function run(folder: string, list: readonly Program[]): Promise<ReadonlyMap<string, string>> {
  const runner = join(import.meta.dirname, "support/run-programs.ts");
  const paths = list.map(({ file }) => join(folder, file));
  const args = ["--conditions=@atlas/source", "--disable-warning=ExperimentalWarning", runner, ...paths];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: 200_000 }, (error, stdout, stderr) => {
      const complaints = new Map(list.map(({ file }) => [file, `did not run: ${error?.message} ${stderr}`]));
      for (const line of stdout.trim().split("\n")) {
        const { path, complaint } = JSON.parse(line) as { readonly path: string; readonly complaint: string };
        complaints.set(relative(folder, path), complaint);
      }
      resolve(complaints);
    });
  });
}
