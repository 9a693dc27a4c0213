import { lstat, realpath } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { type Clock, systemClock } from "@atlas/routing";
import { checkOptions } from "@atlas/routing/internal";
import { HarnessError } from "../contract/errors.ts";
import { createCheckoutLocks } from "./checkout-lock.ts";
import { type FoundFile, readState } from "./files/file-state.ts";
import { type PathBytes, pathText } from "./files/path-bytes.ts";
import { conflictError, writeFiles } from "./files/write-files.ts";
import { invalidDiff, parseDiff } from "./patch/parse-diff.ts";
import { planPatches } from "./patch/plan-patches.ts";
import type { ChangedFile } from "./workspace.ts";

export interface ApplyDiffOptions {
  /** Only checks whether the difference fits. Default: false. */
  readonly dryRun?: boolean;
  /**
   * The state folder of the agents. With it, the files are not changed while a task changes the same checkout. Default: nothing is
   * waited for.
   */
  readonly stateDir?: string;
  /** What happens while a task changes the same checkout. Default: `wait`. */
  readonly whenBusy?: "wait" | "refuse";
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** What a difference has changed. */
export interface AppliedDiff {
  /** The folder from which the paths start: that of the repository, or `cwd` where there is none. */
  readonly root: string;
  readonly files: readonly ChangedFile[];
}

/**
 * Applies a difference that an agent proposed, such as the `diff` of an earlier result, to the files of a folder: all of it or nothing.
 * Only files change, not the index, the branches or the configuration of the repository. A file that has changed since is still fitted
 * where each hunk finds its lines. Files that already are as the difference wants them stay as they are, so applying a difference twice is
 * harmless.
 *
 * Rejects with `ATLAS_HARNESS_CONFLICT`, which lists each place that does not fit, with `ATLAS_HARNESS_DIFF_INVALID` for a text that is no
 * difference of git or leads out of the folder, with `ATLAS_HARNESS_CWD_REFUSED`, `ATLAS_HARNESS_BUSY` and
 * `ATLAS_HARNESS_WORKSPACE_FAILED`.
 *
 * @example
 * ```ts
 * import { readFile, writeFile } from "node:fs/promises";
 *
 * await writeFile("greeting.txt", "Hello\n");
 * const diff = `diff --git a/greeting.txt b/greeting.txt
 * --- a/greeting.txt
 * +++ b/greeting.txt
 * @@ -1 +1 @@
 * -Hello
 * +Hello, world
 * `;
 * const { files } = await applyDiff(diff, ".");
 * assert.deepEqual(files, [{ path: "greeting.txt", change: "modified" }]);
 * assert.equal(await readFile("greeting.txt", "utf8"), "Hello, world\n");
 * ```
 */
export async function applyDiff(
  diff: string,
  cwd: string,
  options: ApplyDiffOptions = {},
): Promise<AppliedDiff> {
  checkOptions("applyDiff", options, ["dryRun", "stateDir", "whenBusy", "signal", "clock"]);
  const { dryRun = false, stateDir, whenBusy = "wait", signal, clock = systemClock } = options;
  if (typeof diff !== "string") throw new TypeError("applyDiff: the difference must be a text.");
  if (!diff.isWellFormed()) throw invalidDiff("it holds half of a character pair");
  const patches = parseDiff(Buffer.from(diff, "utf8").toString("latin1"));
  const root = await rootOf(await realFolder(cwd));

  const apply = async (): Promise<AppliedDiff> => {
    signal?.throwIfAborted();
    const found = new Map<PathBytes, FoundFile>();
    for (const path of patches.flatMap(({ path, from = path }) => [path, from])) {
      if (!found.has(path)) found.set(path, await readFound(root, path));
    }
    const { files, conflicts } = planPatches(patches, found);
    if (conflicts.length > 0) throw conflictError(root, conflicts);
    if (!dryRun) await writeFiles(root, files);
    const changed = new Set(files.map(({ path }) => path));
    return {
      root,
      files: patches
        .filter(({ path, from = path }) => changed.has(path) || changed.has(from))
        .map(({ path, change, from }) => ({
          path: pathText(path),
          change,
          ...(from === undefined ? {} : { from: pathText(from) }),
        })),
    };
  };
  if (stateDir === undefined) return await apply();
  const lock = await createCheckoutLocks({ stateDir: resolve(stateDir), clock }).take(root, {
    whenBusy,
    signal,
  });
  try {
    return await apply();
  } finally {
    await lock.release();
  }
}

async function readFound(root: string, path: PathBytes): Promise<FoundFile> {
  try {
    return await readState(root, path);
  } catch (cause) {
    const message = `"${pathText(path)}" in "${root}" could not be read, and no file was changed. Check its permissions and its size.`;
    throw new HarnessError("ATLAS_HARNESS_WORKSPACE_FAILED", { path: `${root}/${pathText(path)}` }, message, {
      cause,
    });
  }
}

/** The absolute path of a folder without links in it. */
export async function realFolder(cwd: string): Promise<string> {
  try {
    if (cwd.includes("\0")) throw new Error("It holds a NUL.");
    const path = await realpath(resolve(cwd));
    if ((await lstat(path)).isDirectory()) return path;
  } catch (cause) {
    const message = `The folder ${JSON.stringify(cwd)} cannot be opened. Name a folder that exists and can be read.`;
    throw new HarnessError("ATLAS_HARNESS_CWD_REFUSED", { cwd }, message, { cause });
  }
  const message = `${JSON.stringify(cwd)} is a file. Name a folder.`;
  throw new HarnessError("ATLAS_HARNESS_CWD_REFUSED", { cwd }, message);
}

/** The paths of a difference start at the folder of the repository, as git's do. */
async function rootOf(cwd: string): Promise<string> {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const isRoot = await lstat(join(folder, ".git")).then(
      () => true,
      () => false,
    );
    if (isRoot) return folder;
    if (folder === dirname(folder)) return cwd;
  }
}
