import { copyFile, readdir, readFile } from "node:fs/promises";
import { isAbsolute, join, relative } from "node:path";
import type { Logger } from "@atlas/routing";
import { HarnessError } from "../contract/errors.ts";
import { type PathBytes, pathText } from "./files/path-bytes.ts";
import { convertedFiles } from "./git/converted-files.ts";
import { copyIndex } from "./git/copy-index.ts";
import type { Git } from "./git/git.ts";
import { type GitFolderOptions, writeGitFolder } from "./git/git-folder.ts";
import { recordTree } from "./git/record-tree.ts";
import { type Repository, unfit } from "./git/repository.ts";
import { listTracked, type TrackedFiles } from "./git/tracked-files.ts";

/** The files of the caller as they were when a workspace was opened. */
export interface Baseline {
  readonly folder: GitFolderOptions;
  readonly indexFile: string;
  readonly tree: string;
  readonly submodules: readonly PathBytes[];
  /** Tracked files that a sparse checkout leaves out. They are in the tree. */
  readonly leftOut: ReadonlySet<PathBytes>;
}

/** How much may be read that git has not stored yet. */
interface CopyLimits {
  readonly maxFiles: number;
  readonly maxBytes: number;
}

export interface BaselineOptions {
  readonly git: Git;
  /** Where the folder of git is made. It lies outside of what an agent works in. */
  readonly path: string;
  readonly root: string;
  /** Absent: the folder is no part of a repository. */
  readonly repository: Repository | undefined;
  readonly stateDir: string;
  readonly home: string | undefined;
  readonly limits: CopyLimits;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Records the files of the caller in a repository of its own, which takes the objects of the caller's as a second source. Nothing is
 * written below the caller's folder.
 */
export async function recordBaseline(options: BaselineOptions): Promise<Baseline> {
  const { git, path, root, repository, log, signal } = options;
  const folder: GitFolderOptions = {
    path,
    objectFormat: repository?.objectFormat ?? "sha1",
    objectFolders: repository === undefined ? [] : [join(repository.commonDir, "objects")],
    settings: repository?.settings ?? new Map(),
    excludes: await excludePatterns(options),
    head: repository?.head,
    shallowFile: repository === undefined ? undefined : join(repository.commonDir, "shallow"),
  };
  await writeGitFolder(folder);
  const place = { root, gitDir: path, indexFile: join(path, "index"), signal };
  let tracked: TrackedFiles | undefined;
  if (repository !== undefined) await copyIndexes(repository.gitDir, path);
  const { tree, nested, special } = await recordTree({
    ...place,
    git,
    objectFormat: folder.objectFormat,
    async again() {
      if (repository === undefined) return [];
      tracked = await listTracked(git, place);
      return await toReadAgain(repository, tracked, options);
    },
    admit: withinLimits(options),
  });
  if (nested.length + special.length > 0) {
    const fields = { root, nested: nested.map(pathText), special: special.map(pathText) };
    log.info(fields, "The copy for the agent leaves out nested repositories, sockets, pipes and devices.");
  }
  return {
    folder,
    indexFile: place.indexFile,
    tree,
    submodules: tracked?.submodules ?? [],
    leftOut: tracked?.leftOut ?? new Set(),
  };
}

/** Copies the index of a checkout, which may be in two parts. There is none before the first `git add`. */
async function copyIndexes(from: string, to: string): Promise<void> {
  await copyIndex(join(from, "index"), join(to, "index"));
  const parts = (await readdir(from)).filter((name) => /^sharedindex\.[0-9a-f]+$/.test(name));
  for (const name of parts) await copyFile(join(from, name), join(to, name));
}

/** The files of which the index does not tell whether they are as they were when it was written. */
async function toReadAgain(
  repository: Repository,
  { files, conflicts, leftOut, unwatched }: TrackedFiles,
  { git, home, signal }: BaselineOptions,
): Promise<readonly PathBytes[]> {
  const [conflict] = conflicts;
  if (conflict !== undefined) {
    const reason = `${conflicts.length} of its files have conflicts, such as "${pathText(conflict)}"`;
    throw unfit(repository.root, reason, "Resolve them first");
  }
  const present = leftOut.size === 0 ? files : files.filter((file) => !leftOut.has(file));
  return [...unwatched, ...(await convertedFiles(git, repository, { files: present, home, signal }))];
}

/** Refuses what would take too long or fill the disk, such as a folder of downloads that nobody ignored. */
function withinLimits({ root, limits }: BaselineOptions): (path: PathBytes, sizeBytes: number) => boolean {
  const { maxFiles, maxBytes } = limits;
  let files = 0;
  let bytes = 0;
  return (path, sizeBytes) => {
    files += 1;
    bytes += sizeBytes;
    if (files <= maxFiles && bytes <= maxBytes) return true;
    const what = files > maxFiles ? `more than ${maxFiles} files` : `more than ${maxBytes} bytes`;
    throw new HarnessError(
      "ATLAS_HARNESS_WORKSPACE_FAILED",
      { path: root },
      `"${root}" cannot be copied for an agent: ${what} in it are new or changed, the last one "${pathText(path)}". Commit them, add them to .gitignore, or name a smaller folder.`,
    );
  };
}

/** What the caller ignores besides the files `.gitignore`, and the folder of the workspaces itself. The last pattern counts. */
async function excludePatterns({ root, repository, stateDir, home }: BaselineOptions): Promise<string> {
  const parts: string[] = [];
  if (repository !== undefined) {
    const global = repository.settings.get("core.excludesfile") ?? "~/.config/git/ignore";
    parts.push(
      await readIfThere(global.replace(/^~(?=\/)/, home ?? "~")),
      await readIfThere(join(repository.commonDir, "info/exclude")),
    );
  }
  const within = relative(root, stateDir);
  if (within !== "" && !within.startsWith("..") && !isAbsolute(within)) {
    parts.push(`/${within.replaceAll(/[\\*?[]/g, "\\$&").replace(/ $/, "\\ ")}/`);
  }
  return `${parts.join("\n")}\n`;
}

async function readIfThere(path: string): Promise<string> {
  return await readFile(path, "latin1").catch(() => "");
}
