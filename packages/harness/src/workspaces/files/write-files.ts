import { randomUUID } from "node:crypto";
import {
  chmod,
  lchown,
  lstat,
  mkdir,
  readFile,
  readlink,
  rename,
  rm,
  rmdir,
  symlink,
  writeFile,
} from "node:fs/promises";
import { type HarnessConflict, HarnessError } from "../../contract/errors.ts";
import type { FileState, FoundFile } from "./file-state.ts";
import { type PathBytes, pathBelow, pathText } from "./path-bytes.ts";
import { removeFolder } from "./remove-folder.ts";
import { isBelowFolders, putInPlace, undoWrite, type WritePlan } from "./undo-write.ts";

/** What a file is expected to be, and what it becomes. */
export interface PlannedFile {
  readonly path: PathBytes;
  readonly before: FoundFile;
  readonly after: FileState | "absent";
}

/**
 * Changes the files below a folder: all of them or none. The new contents are written beside the old ones first, so a full disk is seen
 * before anything changes. What stands in the way, or was changed in the meantime, undoes the rest. `journal` names a file that exists while
 * the folder is neither as it was nor as it should be: with it, `undoWrite` brings the folder back after a crash.
 */
export async function writeFiles(
  root: string,
  files: readonly PlannedFile[],
  journal?: string,
): Promise<void> {
  if (files.length === 0) return;
  // In the same folder, because only within a file system can a file be moved in one step.
  const staging = `.atlas-${randomUUID()}`;
  let current: PathBytes = staging;
  let plan: WritePlan = { root, staging, files: [], folders: [] };
  try {
    await keep(journal, plan);
    await mkdir(pathBelow(root, staging), { mode: 0o700 });
    for (const [index, file] of files.entries()) {
      current = file.path;
      await stage(root, file, `${staging}/new-${index}`);
    }
    plan = {
      ...plan,
      files: files.map(({ path, after }) => ({ path, isWritten: after !== "absent" })),
      folders: await foldersOf(root, files),
    };
    await keep(journal, plan);
    for (const [index, file] of files.entries()) {
      current = file.path;
      if (typeof file.before !== "string") await moveAway(root, file, `${staging}/old-${index}`);
    }
    for (const { path, after } of files) if (after === "absent") await removeEmptyFolders(root, path);
    for (const [index, file] of files.entries()) {
      current = file.path;
      if (file.after !== "absent") await write(root, file, `${staging}/new-${index}`);
    }
  } catch (error) {
    const failed = await undoWrite(plan);
    if (failed.length > 0) throw notUndone(root, staging, failed, error);
    if (journal !== undefined) await rm(journal, { force: true });
    await removeFolder(`${root}/${staging}`).catch(() => undefined);
    throw describe(root, current, error);
  }
  // From here on, the change counts. The journal goes before the folder that it relies on.
  if (journal !== undefined) await rm(journal, { force: true });
  await removeFolder(`${root}/${staging}`).catch(() => undefined);
}

async function keep(journal: string | undefined, plan: WritePlan): Promise<void> {
  if (journal === undefined) return;
  await writeFile(`${journal}.next`, JSON.stringify(plan));
  await rename(`${journal}.next`, journal);
}

/** The folders of all files, each after the one that it is in. */
async function foldersOf(root: string, files: readonly PlannedFile[]): Promise<WritePlan["folders"]> {
  const paths = new Set<PathBytes>();
  for (const { path } of files) {
    for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1))
      paths.add(path.slice(0, end));
  }
  const folders: { readonly path: PathBytes; readonly mode?: number }[] = [];
  // A folder can become a file.
  for (const { path, before } of files) if (before === "folder") paths.add(path);
  for (const path of [...paths].sort((left, right) => left.length - right.length)) {
    const stats = await lstat(pathBelow(root, path)).catch(() => undefined);
    if (stats === undefined || !stats.isDirectory()) folders.push({ path });
    else folders.push({ path, mode: stats.mode & 0o7777 });
  }
  return folders;
}

async function stage(root: string, { before, after, path }: PlannedFile, staged: PathBytes): Promise<void> {
  if (after === "absent") return;
  const target = pathBelow(root, staged);
  if (after.mode === "120000") await symlink(after.content, target);
  else await writeFile(target, after.content, { flag: "wx" });
  if (typeof before === "string") {
    if (after.mode === "100755") await chmod(target, (await lstat(target)).mode | 0o111);
    return;
  }
  const old = await lstat(pathBelow(root, path));
  const own = await lstat(target);
  if (old.uid !== own.uid || old.gid !== own.gid)
    await lchown(target, old.uid, old.gid).catch(() => undefined);
  if (after.mode === "120000") return;
  const permissions = before.mode === "120000" ? own.mode : old.mode;
  const readers = (permissions & 0o444) >> 2;
  const isExecutable = (permissions & 0o100) !== 0;
  // Only what git knows of is changed.
  if (after.mode === "100644") await chmod(target, permissions & 0o666);
  else await chmod(target, isExecutable ? permissions & 0o777 : (permissions & 0o777) | readers | 0o100);
}

async function moveAway(root: string, { path, before }: PlannedFile, saved: PathBytes): Promise<void> {
  await rename(pathBelow(root, path), pathBelow(root, saved));
  // Now nobody can change it any more: it is compared with what the plan was made for.
  if (
    typeof before !== "string" &&
    !(await contentOf(pathBelow(root, saved), before)).equals(before.content)
  ) {
    throw conflict(root, path, "The file has just been changed.");
  }
}

async function contentOf(path: Buffer, { mode }: FileState): Promise<Buffer> {
  return mode === "120000" ? await readlink(path, { encoding: "buffer" }) : await readFile(path);
}

async function write(root: string, { path }: PlannedFile, staged: PathBytes): Promise<void> {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  if (folder !== "") await mkdir(pathBelow(root, folder), { recursive: true });
  if (!(await isBelowFolders(root, path)))
    throw conflict(root, path, "One of its folders is not a folder any more.");
  await removeEmptyFolder(root, path);
  try {
    await putInPlace(pathBelow(root, staged), pathBelow(root, path));
  } catch (error) {
    throw codeOf(error) === "EEXIST" ? conflict(root, path, "Something is in the way.") : error;
  }
}

/** Git knows no empty folders: those that have become empty go. */
async function removeEmptyFolders(root: string, path: PathBytes): Promise<void> {
  for (let end = path.lastIndexOf("/"); end !== -1; end = path.lastIndexOf("/", end - 1)) {
    if (!(await removeEmptyFolder(root, path.slice(0, end)))) return;
  }
}

async function removeEmptyFolder(root: string, path: PathBytes): Promise<boolean> {
  return await rmdir(pathBelow(root, path)).then(
    () => true,
    () => false,
  );
}

function notUndone(
  root: string,
  staging: string,
  failed: readonly PathBytes[],
  cause: unknown,
): HarnessError {
  const message = `"${failed.map(pathText).join('", "')}" in "${root}" could not be put back after a failure. The earlier files are in "${root}/${staging}".`;
  return new HarnessError("ATLAS_HARNESS_WORKSPACE_FAILED", { path: root }, message, { cause });
}

function conflict(root: string, path: PathBytes, reason: string): HarnessError {
  return conflictError(root, [{ path: pathText(path), reason }]);
}

/** The error for a difference that does not fit. */
export function conflictError(root: string, conflicts: readonly HarnessConflict[]): HarnessError {
  const [first] = conflicts;
  const place =
    first === undefined
      ? ""
      : ` The first one: "${first.path}"${first.hunk ? ` at ${first.hunk}` : ""}: ${first.reason}`;
  return new HarnessError(
    "ATLAS_HARNESS_CONFLICT",
    { root, conflicts },
    `The changes do not fit the files of "${root}" at ${conflicts.length === 1 ? "one place" : `${conflicts.length} places`}, and no file was changed.${place} Run the task again on the files as they are now.`,
  );
}

function describe(root: string, path: PathBytes, error: unknown): unknown {
  if (error instanceof HarnessError) return error;
  const reason =
    codeOf(error) === "ENOSPC" || codeOf(error) === "EDQUOT"
      ? "the disk is full"
      : String(codeOf(error) ?? error);
  const message = `"${pathText(path)}" in "${root}" could not be written (${reason}), and no file was changed. Make the folder writable and free some space, then apply the changes again.`;
  return new HarnessError("ATLAS_HARNESS_WORKSPACE_FAILED", { path: `${root}/${pathText(path)}` }, message, {
    cause: error,
  });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
