import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { build, type Format, stop } from "esbuild";
import { afterAll, describe, expect, it } from "vitest";
import { reasonNotInstalled, saysNotFound } from "../../src/providers/optional-package.ts";
import { createFolder } from "../support/folder.ts";

const root = resolve(import.meta.dirname, "../../../..");

// Asks the built-in "openai", whose package is a literal import nowhere.
const program = `
import { createLLMRouter } from "@atlas/llm";
const main = async () => {
  const router = createLLMRouter({
    config: { profiles: { fast: ["openai"] }, limits: { retries: 0 }, providers: { openai: { base_url: "http://127.0.0.1:1/v1" } } },
    env: { OPENAI_API_KEY: "key" },
  });
  const error = await router.generateText({ prompt: "Hello" }).catch((thrown) => thrown);
  const again = await router.generateText({ prompt: "Hello" }).catch((thrown) => thrown);
  console.log(JSON.stringify([error.message, again.message]));
};
main();
`;

afterAll(() => stop());

async function bundle(folder: string, format: Format): Promise<string> {
  const outfile = resolve(folder, format === "esm" ? "bundle.mjs" : "bundle.cjs");
  const { warnings } = await build({
    stdin: { contents: program, resolveDir: root, loader: "js" },
    bundle: true,
    platform: "node",
    format,
    target: "node22",
    conditions: ["@atlas/source"],
    // As an application without the optional packages: a literal import of one would stop the bundler here.
    plugins: [
      {
        name: "not-installed",
        setup: ({ onResolve }) => {
          onResolve({ filter: /^@ai-sdk\/(openai|anthropic|google|openai-compatible)$/ }, ({ path }) => ({
            errors: [{ text: `Could not resolve "${path}"` }],
          }));
        },
      },
    ],
    outfile,
    logLevel: "silent",
  });
  expect(warnings.filter(({ id }) => id !== "empty-import-meta")).toEqual([]);
  return outfile;
}

function run(file: string): readonly string[] {
  const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8" });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

describe.each<Format>(["esm", "cjs"])("a bundle (%s)", (format) => {
  it("says what to tell the bundler where an optional package cannot be found", async () => {
    using folder = createFolder();
    const messages = run(await bundle(folder.path, format));
    for (const message of messages) {
      expect(message).toContain("@ai-sdk/openai");
      expect(message).toContain("bundled: mark @ai-sdk/* and @atlas/* as external");
    }
  });

  it("uses an optional package that is installed beside it", async () => {
    using folder = createFolder();
    const file = await bundle(folder.path, format);
    const installed = join(folder.path, "node_modules/@ai-sdk");
    mkdirSync(installed, { recursive: true });
    symlinkSync(join(root, "node_modules/@ai-sdk/openai"), join(installed, "openai"));
    // The package is there: what fails is the address, where nothing listens.
    expect(run(file)[0]).toMatch(/is not available/);
  });
});

describe("an optional package", () => {
  it("is reported with the command that installs it", () => {
    expect(reasonNotInstalled("@ai-sdk/openai")).toBeUndefined();
    expect(reasonNotInstalled("@ai-sdk/of-tomorrow")).toBe(
      "its package is not installed: npm install @ai-sdk/of-tomorrow",
    );
  });

  it("is not called missing where a package that it needs is missing", async () => {
    using folder = createFolder({
      "node_modules/broken/package.json": '{ "name": "broken", "type": "module", "main": "index.js" }',
      "node_modules/broken/index.js": 'import "not-there";',
    });
    const { stdout } = spawnSync(
      process.execPath,
      ["-e", 'import("broken").catch((error) => console.log(JSON.stringify([error.code, error.message])))'],
      { cwd: folder.path, encoding: "utf8" },
    );
    const [code, message] = JSON.parse(stdout);
    const error = Object.assign(new Error(message), { code });
    expect(code).toBe("ERR_MODULE_NOT_FOUND");
    expect(saysNotFound(error, "broken")).toBe(false);
    expect(saysNotFound(error, "not-there")).toBe(true);
    expect(saysNotFound(Object.assign(new Error(message), { code: "ENOENT" }), "not-there")).toBe(false);
  });
});
