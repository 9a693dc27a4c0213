import { cpSync, globSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { defineConfig } from "tsup";

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

// Loading Kysely's 255 files takes eight times as long as loading what is used of them as one file.
const bundlesKysely = name === "@atlas/core";

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
  // docs/decisions/0036-kysely-is-bundled.md. Its licence wants its text beside the code.
  noExternal: bundlesKysely ? ["kysely"] : [],
  onSuccess: async () => {
    if (bundlesKysely) cpSync("../../node_modules/kysely/LICENSE", "dist/kysely.LICENSE");
  },
});
