import { cpSync, globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { defineConfig, type Options } from "tsup";

type Plugin = NonNullable<Options["esbuildPlugins"]>[number];

// Runs in a package's folder: one entry for each subpath of its `exports`, named by the source condition, one for each
// program, and one for each thread, which is a file of its own.
const {
  name,
  exports,
  bin = {},
} = JSON.parse(readFileSync("package.json", "utf8")) as {
  readonly name: string;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
};
const sources = Object.values(exports)
  .flatMap((target) => (typeof target === "string" ? [] : [target["@atlas/source"]]))
  .filter((source) => source !== undefined)
  .map((source) => source.slice(2));
const entry = Object.fromEntries([
  ...sources.map((source) => [source.replace(/^src\//, "").replace(/\.ts$/, ""), source]),
  // A program is run by its path, and imported by nobody.
  ...Object.values(bin).map((target) => {
    const program = basename(target, ".js");
    return [program, `src/${program}.ts`];
  }),
  // A thread is started by a URL that is relative to the bundled code, so its file lies at the top of `dist`.
  ...globSync("src/**/*-worker.ts").map((source) => [basename(source, ".ts"), source]),
]);

// What is loaded as many small files at every start, and is part of the build instead (docs/decisions/0036-kysely-is-bundled.md,
// docs/decisions/0041-zod-is-bundled.md). Their licences want their texts beside the code. Routing shares no package with the others,
// so it has a Zod of its own.
const bundled = { "@atlas/core": ["kysely", "zod"], "@atlas/routing": ["zod"] }[name] ?? [];

/** All packages above core have its Zod. */
const zodOfCore: Plugin = {
  name: "zod-of-core",
  setup(build) {
    build.onResolve({ filter: /^zod$/ }, () => ({ path: "@atlas/core/internal", external: true }));
  },
};

/** Zod's messages in fifty languages, which nobody can ask this copy for. */
const noLanguages: Plugin = {
  name: "no-languages",
  setup(build) {
    build.onResolve({ filter: /\/locales\/index\.js$/ }, () => ({
      path: "locales",
      namespace: "no-languages",
    }));
    build.onLoad({ filter: /.*/, namespace: "no-languages" }, () => ({ contents: "export {};" }));
  },
};

export default defineConfig({
  entry,
  format: ["esm"],
  target: "node22",
  platform: "node",
  // "sqlite" alone is a package, not what Node has.
  removeNodeProtocol: false,
  dts: true,
  // Users do not get the sources that a map would lead to; the code is not minified.
  sourcemap: false,
  clean: true,
  // Marked here, so that a plugin is asked where it comes from.
  noExternal: bundled.length === 0 ? ["zod"] : bundled,
  esbuildPlugins: [bundled.length === 0 ? zodOfCore : noLanguages],
  onSuccess: async () => {
    for (const one of bundled) cpSync(`../../node_modules/${one}/LICENSE`, `dist/${one}.LICENSE`);
  },
});
