import { isUtf8 } from "node:buffer";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { HarnessError } from "../contract/errors.ts";
import type { Baseline } from "./baseline.ts";
import { allDone } from "./files/all-done.ts";
import { type PathBytes, pathBelow, pathText, splitAtNul } from "./files/path-bytes.ts";
import { removeFolder } from "./files/remove-folder.ts";
import { copyIndex } from "./git/copy-index.ts";
import type { Git } from "./git/git.ts";
import { writeGitSettings } from "./git/git-folder.ts";
import { recordTree, statEach } from "./git/record-tree.ts";
import { firstSections, splitDiff } from "./patch/diff-sections.ts";
import { parseDiff } from "./patch/parse-diff.ts";
import type { ChangedFile, WorkspaceChanges } from "./workspace.ts";

export interface ChangesOptions {
  readonly git: Git;
  readonly baseline: Baseline;
  /** The folder that is compared with the baseline. */
  readonly root: string;
  /** Whether repositories that were made within the folder are undone, so that their files count. */
  readonly openNested: boolean;
  readonly limits: ChangesLimits;
}

interface ChangesLimits {
  readonly maxDiffBytes: number;
  /** A larger file is named, but its content is left out. */
  readonly maxFileBytes: number;
  readonly maxFiles: number;
}

/** The changes, and the tree that they lead to. */
export interface RecordedChanges extends WorkspaceChanges {
  readonly tree: string;
  /** Files whose content is left out. */
  readonly tooLarge: readonly PathBytes[];
}

const MAX_NESTED_ROUNDS = 20;

/** Compares a folder with its baseline. The repository that an agent sees there is not asked: an agent may have changed it. */
export async function recordChanges(options: ChangesOptions): Promise<RecordedChanges> {
  const { git, baseline, root, openNested, limits } = options;
  const { folder } = baseline;
  await writeGitSettings(folder);
  await refuseChangedSubmodules(root, baseline.submodules);
  // The index of the baseline stays as it is, so that this can be asked again.
  const indexFile = join(folder.path, "index.after");
  await copyIndex(baseline.indexFile, indexFile);

  const tooLarge = new Set<PathBytes>();
  const record = () =>
    recordTree({
      git,
      root,
      gitDir: folder.path,
      indexFile,
      objectFormat: folder.objectFormat,
      // The index leaves them out, but the agent may have made them.
      again: () => present(root, baseline.leftOut),
      admit: withinLimits(root, limits, tooLarge),
    });
  let after = await record();
  for (let round = 0; openNested && after.nested.length > 0 && round < MAX_NESTED_ROUNDS; round += 1) {
    for (const path of after.nested) await removeFolder(pathBelow(root, `${path}.git`));
    after = await record();
  }

  const call = { cwd: root, gitDir: folder.path };
  const compare = ["diff-tree", "-r", "--find-renames", "--no-ext-diff", "--no-textconv"];
  const [raw, { text, cut }] = await allDone([
    git({ ...call, args: [...compare, "--raw", "-z", baseline.tree, after.tree] }),
    diffText(after.tree),
  ]);
  const files = [...parseRaw(splitAtNul(raw.stdout)), ...(await withoutContent(options, tooLarge))];
  return {
    diff: text,
    files,
    truncated: cut || tooLarge.size > 0,
    tree: after.tree,
    tooLarge: [...tooLarge],
  };

  async function diffText(tree: string): Promise<{ readonly text: string; readonly cut: boolean }> {
    const patch = ["--patch", "--binary", "--full-index", "--no-color", "--src-prefix=a/", "--dst-prefix=b/"];
    const args = [...compare, ...patch, baseline.tree, tree];
    let bytes = await wholeFiles(args);
    if (!isUtf8(bytes.diff)) {
      // A text in another encoding would not survive as a string. As binary patches, such files do.
      const names = splitDiff(bytes.diff)
        .filter((section) => !isUtf8(section))
        .flatMap((section) => parseDiff(section.toString("latin1")).map(({ path }) => path));
      await writeGitSettings({
        ...folder,
        attributes: names.map((path) => `${attributePattern(path)} -diff`),
      });
      bytes = await wholeFiles(["-c", "core.quotePath=true", ...args]);
      await writeGitSettings(folder);
    }
    return { text: bytes.diff.toString("utf8"), cut: bytes.cut };
  }

  async function wholeFiles(
    args: readonly string[],
  ): Promise<{ readonly diff: Buffer; readonly cut: boolean }> {
    const { stdout, cut } = await git({ ...call, args, maxBytes: limits.maxDiffBytes });
    return { diff: cut ? firstSections(stdout, limits.maxDiffBytes) : stdout, cut };
  }
}

function withinLimits(
  root: string,
  { maxFiles, maxFileBytes }: ChangesLimits,
  tooLarge: Set<PathBytes>,
): (path: PathBytes, sizeBytes: number) => boolean {
  let files = 0;
  return (path, sizeBytes) => {
    files += 1;
    if (files > maxFiles) {
      const message = `More than ${maxFiles} files in "${root}" are new or changed, the last one "${pathText(path)}". Tell the agent to leave out what it builds, or add that to .gitignore.`;
      throw new HarnessError("ATLAS_HARNESS_WORKSPACE_FAILED", { path: root }, message);
    }
    if (sizeBytes <= maxFileBytes) return true;
    tooLarge.add(path);
    return false;
  };
}

/** The copy holds submodules as empty folders. What is written into one would be lost without a word. */
async function refuseChangedSubmodules(root: string, submodules: readonly PathBytes[]): Promise<void> {
  for await (const [path, stats] of statEach(root, submodules)) {
    if (stats === undefined || (stats.isDirectory() && (await isEmpty(root, path)))) continue;
    const name = pathText(path);
    const message = `The agent wrote into the submodule "${name}", whose files are not part of the copy. Name the folder of the submodule as cwd.`;
    throw new HarnessError("ATLAS_HARNESS_WORKSPACE_FAILED", { path: name }, message);
  }
}

async function isEmpty(root: string, path: PathBytes): Promise<boolean> {
  return (await readdir(pathBelow(root, path))).length === 0;
}

async function present(root: string, paths: ReadonlySet<PathBytes>): Promise<readonly PathBytes[]> {
  const found: PathBytes[] = [];
  for await (const [path, stats] of statEach(root, [...paths])) if (stats !== undefined) found.push(path);
  return found;
}

/** Names the files whose content is left out. */
async function withoutContent(
  { git, baseline, root }: ChangesOptions,
  paths: ReadonlySet<PathBytes>,
): Promise<readonly ChangedFile[]> {
  if (paths.size === 0) return [];
  const args = ["ls-tree", "-r", "-z", "--name-only", baseline.tree];
  const { stdout } = await git({ args, cwd: root, gitDir: baseline.folder.path });
  const before = new Set(splitAtNul(stdout));
  return [...paths].map((path) => ({
    path: pathText(path),
    change: before.has(path) ? "modified" : "added",
  }));
}

/** Reads lines such as ":100644 100644 <id> <id> M", each followed by one path, or by two of a renamed file. */
function parseRaw(fields: readonly string[]): readonly ChangedFile[] {
  const files: ChangedFile[] = [];
  for (let at = 0; at < fields.length; ) {
    const status = (fields[at] ?? "").split(" ")[4]?.[0];
    const path = pathText(fields[at + 1] ?? "");
    if (status === "R") {
      files.push({ path: pathText(fields[at + 2] ?? ""), change: "renamed", from: path });
      at += 3;
    } else {
      files.push({ path, change: status === "A" ? "added" : status === "D" ? "deleted" : "modified" });
      at += 2;
    }
  }
  return files;
}

/** A pattern of `.gitattributes` that matches this one path. */
function attributePattern(path: PathBytes): string {
  const escaped = `/${path}`.replaceAll(/[\\*?[]/g, "\\$&");
  // All other characters could be part of the file's own format.
  const octal = escaped.replaceAll(
    /[^ !#-[\]-~]/g,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
  return `"${octal}"`;
}
