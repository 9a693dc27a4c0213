import { type PathBytes, splitAtNul } from "../files/path-bytes.ts";
import type { Git } from "./git.ts";
import { statEach } from "./record-tree.ts";

/** What an index tells about the files of a checkout, besides their content. */
export interface TrackedFiles {
  readonly files: readonly PathBytes[];
  readonly submodules: readonly PathBytes[];
  /** Files of which a merge left several versions. */
  readonly conflicts: readonly PathBytes[];
  /** Files that a sparse checkout leaves out. */
  readonly leftOut: ReadonlySet<PathBytes>;
  /** Files that are there, but that git was told not to look at. */
  readonly unwatched: readonly PathBytes[];
}

/** Reads an index. */
export async function listTracked(
  git: Git,
  options: {
    readonly root: string;
    readonly gitDir: string;
    readonly indexFile: string;
    readonly signal: AbortSignal | undefined;
  },
): Promise<TrackedFiles> {
  const { root, gitDir, indexFile, signal } = options;
  const { stdout } = await git({
    args: ["ls-files", "-z", "-s", "-v"],
    cwd: root,
    gitDir,
    indexFile,
    signal,
  });
  const files: PathBytes[] = [];
  const submodules: PathBytes[] = [];
  const conflicts = new Set<PathBytes>();
  const marked: PathBytes[] = [];
  // Such as "H 100644 <id> 0\tpath": the flag, the mode, the content, the stage.
  for (const line of splitAtNul(stdout)) {
    const tab = line.indexOf("\t");
    const path = line.slice(tab + 1);
    if (line[tab - 1] !== "0") conflicts.add(path);
    else if (line.startsWith("160000", 2)) submodules.push(path);
    else {
      files.push(path);
      // A small letter: "assume unchanged". S: "skip worktree".
      if (line[0] === "S" || line[0] !== line[0]?.toUpperCase()) marked.push(path);
    }
  }
  const leftOut = new Set<PathBytes>();
  const unwatched: PathBytes[] = [];
  for await (const [path, stats] of statEach(root, marked)) {
    if (stats === undefined) leftOut.add(path);
    else unwatched.push(path);
  }
  return { files, submodules, conflicts: [...conflicts], leftOut, unwatched };
}
