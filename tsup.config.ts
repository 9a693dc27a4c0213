import { readFileSync } from "node:fs";
import { defineConfig } from "tsup";

// Runs in a package's folder: one entry for each subpath of its `exports`, named by the source condition.
const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as {
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
};
const entry = Object.fromEntries(
  Object.values(exports)
    .flatMap((target) => (typeof target === "string" ? [] : [target["@atlas/source"]]))
    .filter((source) => source !== undefined)
    .map((source) => [source.replace(/^\.\/src\//, "").replace(/\.ts$/, ""), source.slice(2)]),
);

export default defineConfig({
  entry,
  format: ["esm"],
  target: "node22",
  platform: "node",
  dts: true,
  sourcemap: true,
  clean: true,
  tsconfig: "tsconfig.build.json",
});
