import { execFileSync } from "node:child_process";
import { globSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The repository's root. */
export const root = join(import.meta.dirname, "../..");

/** Names of the folders in `packages`. */
export const packageNames: readonly string[] = readdirSync(join(root, "packages")).sort();

/** The name on npm of the package in a folder of `packages`, such as `@atlas/core`. */
export function fullNameOf(folder: string): string {
  return readJson<{ readonly name: string }>(`packages/${folder}/package.json`).name;
}

/** The text of a file of the checkout. */
export function readText(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

/** The content of a JSON file of the checkout, which has the shape that the caller says. */
export function readJson<Content>(path: string): Content {
  return JSON.parse(readText(path)) as Content;
}

/** Paths of the files that a pattern finds, relative to the root, with forward slashes. */
export function filesLike(pattern: string): readonly string[] {
  return globSync(pattern, { cwd: root })
    .map((path) => path.replaceAll("\\", "/"))
    .sort();
}

/** Paths of everything that git tracks or would track. */
export function trackedFiles(): readonly string[] {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", "-z"];
  return execFileSync("git", args, { cwd: root, encoding: "utf8" }).split("\0").filter(Boolean);
}
