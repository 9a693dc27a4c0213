import { lstat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HarnessError } from "../contract/errors.ts";

/**
 * Rejects with `ATLAS_HARNESS_INPUT_REFUSED` where a file or folder that makes a program start others exists in `cwd` or in a folder
 * above it, up to the root of the repository.
 */
export async function refuseStarters(
  harness: string,
  cwd: string,
  startsFrom: readonly string[] = [],
): Promise<void> {
  for (const folder of startsFrom.length === 0 ? [] : await foldersUpToRoot(cwd)) {
    for (const name of startsFrom) {
      if (!(await exists(join(folder, name)))) continue;
      throw new HarnessError(
        "ATLAS_HARNESS_INPUT_REFUSED",
        { harness, input: name },
        `Agent "${harness}" is not started in a repository with ${JSON.stringify(name)}: it starts what that file names, before anybody has allowed it. Remove it from the repository, or let another agent do the task.`,
      );
    }
  }
}

/** A folder that is in no repository stands alone. */
async function foldersUpToRoot(cwd: string): Promise<readonly string[]> {
  const folders: string[] = [];
  for (let folder = cwd; ; folder = dirname(folder)) {
    folders.push(folder);
    if (await exists(join(folder, ".git"))) return folders;
    if (folder === dirname(folder)) return [cwd];
  }
}

/** A link counts wherever it leads, and what cannot be looked at counts too. */
async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
    return code !== "ENOENT" && code !== "ENOTDIR";
  }
}
