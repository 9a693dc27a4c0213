import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { type EditedFiles, edit } from "./edits.ts";

/** The files below a folder without those of git: what each is, by its path. A folder that holds no file ends with a slash. */
export type Tree = ReadonlyMap<string, string>;

/** Reads what git would see of a file: its kind, whether it can be run, and its content. */
export function readTree(root: string): Tree {
  const found = new Map<string, string>();
  const visit = (folder: string): void => {
    const names = readdirSync(join(root, folder));
    if (names.length === 0) found.set(folder, "empty");
    for (const name of names) {
      const path = `${folder}${name}`;
      if (path === ".git") continue;
      const stats = lstatSync(join(root, path));
      if (stats.isDirectory()) visit(`${path}/`);
      else if (stats.isSymbolicLink()) found.set(path, `link ${readlinkSync(join(root, path))}`);
      else
        found.set(
          path,
          `${(stats.mode & 0o100) === 0 ? "file" : "program"} ${readFileSync(join(root, path), "latin1")}`,
        );
    }
  };
  visit("");
  return found;
}

/** The tree after the agents of these runs have worked on it, one after the other, below `place`. */
export function replay(
  before: Tree,
  runs: readonly { readonly run: number; readonly seed: number }[],
  place: string,
): Tree {
  const tree = new Map(before);
  const at = (path: string): string => (place === "" ? path : `${place}/${path}`);
  const files: EditedFiles = {
    list: (folder) =>
      [...tree.keys()]
        .filter((path) => path.startsWith(at(`${folder}/`)))
        .map((path) => path.slice(at("").length))
        .sort(),
    read: (path) => /^(?:file|program) (.*)$/s.exec(tree.get(at(path)) ?? "")?.[1],
    write(path, content, options) {
      const kind = options === undefined ? /^\w+/.exec(tree.get(at(path)) ?? "file")?.[0] : undefined;
      tree.set(at(path), `${kind ?? (options?.executable ? "program" : "file")} ${content}`);
    },
    link: (path, target) => void tree.set(at(path), `link ${target}`),
    move(from, to) {
      tree.set(at(to), tree.get(at(from)) ?? "");
      tree.delete(at(from));
    },
    remove(path) {
      for (const name of tree.keys())
        if (name === at(path) || name.startsWith(at(`${path}/`))) tree.delete(name);
    },
  };
  // Git leaves them out.
  const isIgnored = (path: string): boolean =>
    before.has(".gitignore") && path.startsWith(at("ignored/")) && !before.has(path);
  for (const run of runs) for (const _ of edit(files, run));
  for (const path of tree.keys()) if (isIgnored(path)) tree.delete(path);
  return tree;
}

/** The paths at which two trees differ. */
export function differences(expected: Tree, found: Tree): readonly string[] {
  const paths = new Set([...expected.keys(), ...found.keys()]);
  return [...paths].filter((path) => expected.get(path) !== found.get(path)).sort();
}
