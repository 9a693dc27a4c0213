import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { HarnessError, isHarnessError } from "../contract/errors.ts";
import type { Baseline } from "./baseline.ts";
import { allDone } from "./files/all-done.ts";
import { copyIndex } from "./git/copy-index.ts";
import type { Git } from "./git/git.ts";
import { writeGitFolder } from "./git/git-folder.ts";

/**
 * Writes the files of a baseline into a folder, as a repository of the agent's own. Whatever it does with git there, neither the caller's
 * repository nor the baseline changes: both only lend their objects.
 */
export async function makeAgentCopy(
  git: Git,
  options: {
    readonly baseline: Baseline;
    readonly path: string;
    readonly parent: string | undefined;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { baseline, path, parent, signal } = options;
  const { folder, indexFile, tree } = baseline;
  await mkdir(path, { recursive: true });
  const call = { cwd: path, gitDir: folder.path, indexFile, signal };
  const parents = parent === undefined ? [] : ["-p", parent];
  const message = ["-m", "The files as they were when the task began"];
  const [commit] = await allDone([
    git({ ...call, args: ["commit-tree", tree, ...parents, ...message] }),
    // It leaves out what a sparse checkout leaves out, and notes the times of the files that it writes.
    git({ ...call, args: ["checkout-index", "--all", "--index", "--quiet"] }).catch((error) => {
      throw notWritten(error, path);
    }),
  ]);
  const own = join(path, ".git");
  await writeGitFolder({
    ...folder,
    path: own,
    objectFolders: [join(folder.path, "objects"), ...folder.objectFolders],
    head: commit.stdout.toString().trim(),
  });
  await copyIndex(indexFile, join(own, "index"));
}

/** Git does not say that the disk is full, only that it could not write a file. */
function notWritten(error: unknown, path: string): unknown {
  if (!isHarnessError(error, "ATLAS_HARNESS_GIT_FAILED")) return error;
  const message = `The copy for the agent could not be written. Free some space, or choose another state folder. ${error.message}`;
  return new HarnessError("ATLAS_HARNESS_WORKSPACE_FAILED", { path }, message, { cause: error });
}
