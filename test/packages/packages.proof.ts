import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fullNameOf, packageNames, readText } from "../support/checkout.ts";
import { programsIn } from "../support/documents.ts";
import { type Consumer, createConsumer, ownVersion, tarballs } from "./consumer.ts";
import { nodeDependencies, nodes, programOf } from "./nodes.ts";

// Runs only inside a test runner.
const NEEDS_VITEST = "@atlas/testing/contract";
const TOOLS = ["@types/node", "typescript", "esbuild", "vite"];

let consumer: Consumer;

beforeAll(async () => {
  const versions = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, ownVersion(name)]));
  consumer = createConsumer(join(process.cwd(), "consumer"), {
    type: "module",
    dependencies: { ...tarballs, ...versions(["kysely", "zod", "@opentelemetry/api"]) },
    devDependencies: { ...versions(TOOLS), ...nodeDependencies },
  });
  const { code, output } = await consumer.run("npm", ["install", "--no-audit", "--no-fund"], 280_000);
  expect(code, output).toBe(0);
});

afterAll(() => consumer.remove());

describe.each(packageNames.map(fullNameOf))("%s as it is installed", (name) => {
  const place = (...path: readonly string[]) => join(consumer.folder, "node_modules", name, ...path);

  it("has neither sources, nor a way to them, nor maps", async () => {
    const { output: files } = await consumer.run("find", [place(), "-type", "f"]);
    const paths = files.trim().split("\n");
    expect(paths.filter((path) => /\.map$|\/src\/|\/test\/|(?<!\.d)\.ts$/.test(path))).toEqual([]);
    expect(readFileSync(place("package.json"), "utf8")).not.toMatch(/@atlas\/source|\.\/src\//);
    for (const path of paths.filter((path) => path.endsWith(".js"))) {
      expect(readFileSync(path, "utf8")).not.toContain("sourceMappingURL");
    }
  });

  it("links only to files that it has", async () => {
    const { output } = await consumer.run("find", [place(), "-name", "*.md", "-o", "-name", "llms*.txt"]);
    const broken = output
      .trim()
      .split("\n")
      // The links of the full text are those of the documents in it.
      .filter((path) => !path.endsWith("llms-full.txt"))
      .flatMap((path) =>
        [...readFileSync(path, "utf8").matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
          .map(([, target = ""]) => join(dirname(path), target))
          .filter((target) => !existsSync(target))
          .map((target) => `${path} → ${target}`),
      );
    expect(broken).toEqual([]);
  });
});

it.each([
  ["kysely", "core"],
  ["zod", "core"],
  ["zod", "routing"],
])(
  "has the code of %s in @atlas/%s, with its licence, and asks no package for it at run time",
  async (name, holder) => {
    const { output } = await consumer.run("grep", [
      // Not the texts of a new project, which imports Zod itself.
      ...["-rlE", "--include=*.js", "--exclude=init-*.js", String.raw`(from|import)\s*\(?"${name}`],
      join(consumer.folder, "node_modules/@atlas"),
    ]);
    expect(output).toBe("");
    const licence = join(consumer.folder, `node_modules/@atlas/${holder}/dist/${name}.LICENSE`);
    expect(readFileSync(licence, "utf8")).toContain("MIT License");
  },
);

it("takes schemas that a user's own Zod made, for commands, inputs and waits", async () => {
  const file = consumer.write(
    "own-zod.mjs",
    `import { createGateway, defineWorkflow } from "@atlas/gateway";
     import { z } from "zod";
     const order = z.object({ id: z.string().min(2), lines: z.array(z.union([z.int(), z.iso.date()])).default([]) });
     const gateway = await createGateway({
       database: ":memory:",
       workflows: [
         defineWorkflow({
           id: "order.v1",
           input: order,
           run: async (ctx, { id, lines }) => {
             const { value } = await ctx.wait("answer", { schema: z.object({ yes: z.boolean() }) });
             return { id, lines, value };
           },
         }),
       ],
     });
     await gateway.start();
     const refused = await gateway.jobs.create({ workflow_id: "order.v1", input: { id: "x" } }).catch((error) => error);
     const { id } = await gateway.jobs.create({ workflow_id: "order.v1", input: { id: "o-1", lines: [1, "2026-11-22"] } });
     await gateway.jobs.signal(id, "answer", { yes: true });
     const { result, error } = await gateway.jobs.wait(id);
     console.log(JSON.stringify([refused.code, result ?? error]));
     await gateway.stop();`,
  );
  const { output } = await consumer.run(process.execPath, [file]);
  expect(output).toContain(
    '["ATLAS_PLUGINS_INPUT_INVALID",{"id":"o-1","lines":[1,"2026-11-22"],"value":{"yes":true}}]',
  );
});

it("takes SQL that a user's own Kysely wrote, in a statement, in a migration and in select", async () => {
  const file = consumer.write(
    "own-kysely.mjs",
    `import { createStore, defineCommand, defineModule, statement } from "@atlas/core";
     import { sql } from "kysely";
     import { z } from "zod";
     const keep = statement((db, p) =>
       db.insertInto("own_notes").values({ id: p.id, size: sql\`length(\${p.id})\` }));
     const own = defineModule({
       name: "own",
       version: 1,
       migrations: {
         "001_initial": ({ schema }) => [
           schema
             .createTable("own_notes")
             .addColumn("id", "text", (column) => column.notNull())
             .addColumn("size", "integer", (column) => column.check(sql\`size > 0\`)),
         ],
       },
       commands: {
         "own.keep": defineCommand()({
           schema: z.object({ id: z.string() }),
           apply: ({ id }, change) => change.run(keep, { id }),
         }),
       },
     });
     await using store = await createStore({ database: ":memory:", modules: [own] });
     await store.commands.enqueue({ type: "own.keep", id: "abc" });
     const rows = await store.repo.select
       .selectFrom("own_notes")
       .select(["id", sql\`size + 1\`.as("next")])
       .where(sql\`size\`, "=", 3)
       .execute();
     console.log(JSON.stringify(rows));`,
  );
  expect((await consumer.run(process.execPath, [file])).output).toContain('[{"id":"abc","next":4}]');
});

describe.each(nodes)("on Node $version", (node) => {
  it.each(packageNames.map(fullNameOf))(
    `%s ${node.isSupported ? "imports" : "imports, or says that Node is too old"}`,
    async (name) => {
      const file = consumer.write(
        "import.mjs",
        `for (const specifier of ${JSON.stringify(subpathsOf(name))})
           await import(specifier).then(
             () => console.log(specifier, "imported"),
             (error) => console.log(specifier, error.code ?? error.name, error.message),
           );`,
      );
      const { code, output } = await consumer.run(programOf(node, consumer.folder), [file]);
      const expected = node.isSupported
        ? / imported$/
        : / (imported|ATLAS_CORE_NODE_UNSUPPORTED .*22\.18.*)$/;
      for (const specifier of subpathsOf(name)) {
        expect.soft(output.split("\n").find((line) => line.startsWith(`${specifier} `))).toMatch(expected);
      }
      expect(code, output).toBe(0);
    },
  );

  if (!node.isSupported) {
    it("createGateway says that Node is too old, or its package has said so before", async () => {
      const file = consumer.write(
        "open.mjs",
        `try { const { createGateway } = await import("@atlas/gateway"); await createGateway({ database: ":memory:" }); }
         catch (error) { console.log(error.code ?? error.name, error.message); }`,
      );
      const { output } = await consumer.run(programOf(node, consumer.folder), [file]);
      expect(output).toMatch(/^ATLAS_CORE_NODE_UNSUPPORTED .*22\.18/m);
    });
    return;
  }

  it.each(packageNames.map(fullNameOf))("CommonJS can require %s", async (name) => {
    const file = consumer.write(
      "require.cjs",
      `for (const specifier of ${JSON.stringify(subpathsOf(name))})
         console.log(specifier, typeof require(specifier));`,
    );
    const { code, output } = await consumer.run(programOf(node, consumer.folder), [file]);
    for (const specifier of subpathsOf(name)) expect(output).toContain(`${specifier} object\n`);
    expect(code, output).toBe(0);
  });

  it("error classes have the names that they are exported by, so that stack traces show them", async () => {
    const file = consumer.write(
      "classes.mjs",
      `for (const specifier of ${JSON.stringify(packageNames.map(fullNameOf).flatMap(subpathsOf))})
         for (const [name, value] of Object.entries(await import(specifier)))
           if (value?.prototype instanceof Error) console.log(name, value.name);`,
    );
    const { code, output } = await consumer.run(programOf(node, consumer.folder), [file]);
    const names = output.split("\n").flatMap((line) => /^(\w+Error) (\w+)$/.exec(line)?.slice(1, 3) ?? []);
    expect(names).toContain("CoreError");
    expect(names.filter((name) => name.startsWith("_"))).toEqual([]);
    expect(code, output).toBe(0);
  });

  it("writes, copies and verifies a database with the SQLite of Node", async () => {
    const file = consumer.write(
      "node-sqlite.mjs",
      `import { createStore, silentLogger } from "@atlas/core";
       const store = await createStore({ database: "node-sqlite.db", driver: "node:sqlite", log: silentLogger });
       await store.commands.enqueue({ type: "entity.upsert", entity: { id: "a", type: "note" } });
       await store.backup("node-sqlite-" + process.versions.node + ".db");
       console.log((await store.verify()).status);
       await store.stop();`,
    );
    const { code, output } = await consumer.run(programOf(node, consumer.folder), [file]);
    expect(output).toMatch(/^verified$/m);
    expect(code, output).toBe(0);
  });

  it("runs the twenty lines of the README", async () => {
    const file = consumer.write("readme.ts", readmeProgram());
    const { code, output } = await consumer.run(programOf(node, consumer.folder), [file]);
    expect(output).toMatch(/^succeeded\nmock: /m);
    expect(code, output).toBe(0);
  });
});

it("creates a project that type-checks, whose test passes, and that atlas finds nothing wrong with", async () => {
  const made = await consumer.tool("create-atlas", ["made", "--yes"]);
  expect(made.code, made.output).toBe(0);
  const checked = await consumer.tool("tsc", ["-p", "made"]);
  expect(checked).toEqual({ code: 0, output: "" });
  const tested = await consumer.run(process.execPath, ["--test", "made/test/summarize.test.ts"]);
  expect(tested.output).toMatch(/pass 1\b/);
  expect(tested.code, tested.output).toBe(0);
  const examined = await consumer.tool("atlas", ["doctor", "--config=made/atlas.config.ts"]);
  expect(examined.output).toContain("0 problems");
  expect(examined.code, examined.output).toBe(0);
});

it("type-checks the twenty lines of the README, strictly", async () => {
  consumer.write("readme.ts", readmeProgram());
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2023", "--types", "node"];
  const { code, output } = await consumer.tool("tsc", [...options, "--skipLibCheck", "readme.ts"]);
  expect(output).toBe("");
  expect(code).toBe(0);
});

it("lets an editor find the schema of a routing file in @atlas/gateway", () => {
  const text = readFileSync(join(consumer.folder, "node_modules/@atlas/gateway/routing.schema.json"), "utf8");
  expect(JSON.parse(text)).toEqual(JSON.parse(readText("packages/routing/gateway.routing.schema.json")));
});

// A database file with a verified backup, which a worker thread makes, and a provider whose package is not installed.
const APP = `
  import { createGateway } from "@atlas/gateway";
  async function main() {
    const routing = { llm: { profiles: { fast: ["openai"] } } };
    const gateway = await createGateway({ database: process.argv[2], routing, env: { OPENAI_API_KEY: "canary" } });
    await gateway.start();
    const [openai] = gateway.llm.explainRoute("fast").candidates;
    console.log("openai:", JSON.stringify(openai));
    await gateway.llm.generateText({ prompt: "Ahoy", profile: "fast" }).catch((error) => console.log("llm:", error.message));
    await gateway.store.backup(process.argv[2] + ".backup").then(
      () => console.log("backup: made"),
      (error) => console.log("backup:", error.code, error.message),
    );
    await gateway.store.verify().then(
      () => console.log("verify: passed"),
      (error) => console.log("verify:", error.code, error.message),
    );
    await gateway.stop();
    console.log("stopped");
  }
  void main();
`;
const BUNDLED = /^ATLAS_CORE_BUNDLED .*@atlas\/\*/;

describe.each(["esm", "cjs"])("esbuild, format %s", (format) => {
  const out = `esbuild/${format}.${format === "esm" ? "mjs" : "cjs"}`;
  const build = (...external: readonly string[]) => {
    consumer.write("app.js", APP);
    const options = ["--bundle", "--platform=node", `--format=${format}`, `--outfile=${out}`];
    return consumer.tool("esbuild", ["app.js", ...options, ...external.map((name) => `--external:${name}`)]);
  };

  it("works with @atlas/* external", async () => {
    const { code, output } = await build("@atlas/*");
    expect(code, output).toBe(0);
    await expectWorking(out, `esbuild-${format}-external.db`);
  });

  it("bundles everything but the native addon, and says what does not work then", async () => {
    const { code, output } = await build("better-sqlite3");
    expect(code, output).toBe(0);
    // A CommonJS bundle has no import.meta.url, so only the call itself can tell that the package is missing.
    await expectSayingBundled(out, `esbuild-${format}-bundled.db`, format === "esm" ? "openai" : "llm");
  });
});

describe("vite build --ssr", () => {
  const build = (noExternal: "[]" | "true") => {
    consumer.write("app.js", APP);
    consumer.write(
      "vite.config.js",
      `export default { ssr: { noExternal: ${noExternal}, external: ["better-sqlite3"] }, logLevel: "warn" };`,
    );
    return consumer.tool("vite", [
      "build",
      "--ssr",
      "app.js",
      "--outDir",
      noExternal === "true" ? "vite-bundled" : "vite",
    ]);
  };

  it("works as it comes: dependencies stay external", async () => {
    const { code, output } = await build("[]");
    expect(code, output).toBe(0);
    await expectWorking("vite/app.js", "vite-external.db");
  });

  it("bundles everything but the native addon, and says what does not work then", async () => {
    const { code, output } = await build("true");
    expect(code, output).toBe(0);
    await expectSayingBundled("vite-bundled/app.js", "vite-bundled.db", "openai");
  });
});

async function expectWorking(program: string, database: string): Promise<void> {
  const { code, output } = await consumer.run(process.execPath, [program, database]);
  expect(output).toMatch(/^backup: made\nverify: passed\nstopped$/m);
  expect(output).toMatch(/^openai: .*@ai-sdk\/openai/m);
  expect(output).not.toContain("canary");
  expect(code, output).toBe(0);
}

/** `line` is the one that must name the missing provider package: the plan, or the failed call. */
async function expectSayingBundled(program: string, database: string, line: "openai" | "llm"): Promise<void> {
  const { code, output } = await consumer.run(process.execPath, [program, database]);
  expect.soft(output).toMatch(new RegExp(`^${line}: .*\\(bundled: .*@ai-sdk/\\*`, "m"));
  expect.soft(/^backup: (.*)$/m.exec(output)?.[1]).toMatch(BUNDLED);
  expect.soft(/^verify: (.*)$/m.exec(output)?.[1]).toMatch(BUNDLED);
  expect.soft(output).toMatch(/^stopped$/m);
  expect(code, output).toBe(0);
}

function subpathsOf(name: string): readonly string[] {
  const manifest = JSON.parse(
    readFileSync(join(consumer.folder, "node_modules", name, "package.json"), "utf8"),
  ) as { readonly exports: Readonly<Record<string, unknown>> };
  return Object.keys(manifest.exports)
    .filter((subpath) => !subpath.endsWith(".json"))
    .map((subpath) => `${name}${subpath.slice(1)}`)
    .filter((specifier) => specifier !== NEEDS_VITEST);
}

function readmeProgram(): string {
  const [program] = programsIn("README.md", readText("README.md"));
  if (program === undefined) throw new Error("README.md has no program.");
  return program.text;
}
