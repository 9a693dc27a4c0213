import type { Stats } from "node:fs";
import { lstat } from "node:fs/promises";
import { allDone } from "../files/all-done.ts";
import { joinWithNul, type PathBytes, pathBelow, splitAtNul } from "../files/path-bytes.ts";
import type { Git } from "./git.ts";

/** Where files are recorded, and how much of them. */
export interface RecordTreeOptions {
  readonly git: Git;
  /** The folder of the files. */
  readonly root: string;
  readonly gitDir: string;
  /** The index is brought up to date with the files. */
  readonly indexFile: string;
  readonly objectFormat: "sha1" | "sha256";
  /** Finds files that are read again even if the index says that they have not changed. It works beside the first look at the files. */
  readonly again: () => Promise<readonly PathBytes[]>;
  /** Decides on each file that is to be read. `false`: the file is left as it was. It may throw. */
  readonly admit: (path: PathBytes, sizeBytes: number) => boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface RecordedTree {
  readonly tree: string;
  /** Repositories within the folder. Their files are not recorded. */
  readonly nested: readonly PathBytes[];
  /** Sockets, pipes and devices. They are not recorded. */
  readonly special: readonly PathBytes[];
}

/** Writes the files of a folder as a tree of git: what is tracked as it is now, and what is new and not ignored. */
export async function recordTree(options: RecordTreeOptions): Promise<RecordedTree> {
  const { git, root, gitDir, indexFile, objectFormat, admit, signal } = options;
  const call = { cwd: root, gitDir, indexFile, signal };
  const [others, changed, again] = await allDone([
    git({ ...call, args: ["ls-files", "-z", "--others", "--exclude-standard"] }),
    git({ ...call, args: ["diff-files", "-z", "--name-only", "--no-renames", "--ignore-submodules=all"] }),
    options.again(),
  ]);
  const added = splitAtNul(others.stdout);
  const nested = added.filter((path) => path.endsWith("/"));
  const paths = [
    ...new Set([...added.filter((path) => !path.endsWith("/")), ...splitAtNul(changed.stdout), ...again]),
  ];

  const gone: PathBytes[] = [];
  const special: PathBytes[] = [];
  const present: PathBytes[] = [];
  for await (const [path, stats] of statEach(root, paths)) {
    if (stats?.isFile() || stats?.isSymbolicLink()) {
      if (admit(path, stats.size)) present.push(path);
    } else {
      gone.push(path);
      if (stats !== undefined && !stats.isDirectory()) special.push(path);
    }
  }
  // What the index knows of a file is forgotten with it.
  const unknown = new Set(again);
  const forgotten = [...gone, ...present.filter((path) => unknown.has(path))];
  if (forgotten.length > 0) {
    const nothing = "0".repeat(objectFormat === "sha256" ? 64 : 40);
    const lines = forgotten.map((path) => `0 ${nothing}\t${path}`);
    await git({ ...call, args: ["update-index", "-z", "--index-info"], input: joinWithNul(lines) });
  }
  if (present.length > 0) {
    // With `--remove`: a file may have gone since it was listed.
    const args = ["update-index", "--add", "--replace", "--remove", "-z", "--stdin"];
    await git({ ...call, args, input: joinWithNul(present) });
  }
  const { stdout } = await git({ ...call, args: ["write-tree", "--missing-ok"] });
  return { tree: stdout.toString().trim(), nested, special };
}

const AT_A_TIME = 64;

/** Reads what kind of file each path is. `undefined`: there is none, or one of its folders is a link or a file. */
export async function* statEach(
  root: string,
  paths: readonly PathBytes[],
): AsyncGenerator<readonly [PathBytes, Stats | undefined]> {
  const folders = new Map<PathBytes, Promise<boolean>>([["", Promise.resolve(true)]]);
  const isFolder = (path: PathBytes): Promise<boolean> => {
    const known = folders.get(path);
    if (known !== undefined) return known;
    const answer = isFolder(parentOf(path)).then(
      async (parent) =>
        parent && (await lstat(pathBelow(root, path)).catch(() => undefined))?.isDirectory() === true,
    );
    folders.set(path, answer);
    return answer;
  };
  const statOf = async (path: PathBytes): Promise<Stats | undefined> =>
    (await isFolder(parentOf(path))) ? await lstat(pathBelow(root, path)).catch(() => undefined) : undefined;

  for (let first = 0; first < paths.length; first += AT_A_TIME) {
    const some = paths.slice(first, first + AT_A_TIME);
    const stats = await Promise.all(some.map(statOf));
    for (const [index, path] of some.entries()) yield [path, stats[index]];
  }
}

function parentOf(path: PathBytes): PathBytes {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}
