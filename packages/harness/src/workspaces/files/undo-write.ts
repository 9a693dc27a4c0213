import { chmod, link, lstat, mkdir, rename, rmdir, unlink } from "node:fs/promises";
import { type PathBytes, pathBelow } from "./path-bytes.ts";

/** What is about to be written below a folder: enough to undo any part of it. It can be kept as JSON. */
export interface WritePlan {
  readonly root: string;
  /** A folder below the root. It holds `new-0`, the new content of the first file, and `old-0`, its old file. */
  readonly staging: string;
  readonly files: readonly { readonly path: PathBytes; readonly isWritten: boolean }[];
  /** The folders of these files, from the root down. Those that do not exist yet have no mode. */
  readonly folders: readonly { readonly path: PathBytes; readonly mode?: number }[];
}

/**
 * Brings the files back to what they were before they were written, however far that had come. Resolves with those for which it failed. It
 * may be called again.
 */
export async function undoWrite({ root, staging, files, folders }: WritePlan): Promise<readonly PathBytes[]> {
  const failed: PathBytes[] = [];
  const attempt = async (path: PathBytes, work: () => Promise<void>): Promise<void> => {
    await work().catch(() => failed.push(path));
  };
  const at = (path: PathBytes): Buffer => pathBelow(root, path);

  // Without it, nobody can tell whose a file is.
  if ((await statOf(at(staging))) === undefined) return failed;
  for (const [index, { path, isWritten }] of files.entries()) {
    if (!isWritten) continue;
    await attempt(path, async () => {
      const [staged, current] = [await statOf(at(`${staging}/new-${index}`)), await statOf(at(path))];
      // It was linked into place, or moved there.
      const isOurs = staged === undefined || (staged.ino === current?.ino && staged.dev === current.dev);
      if (current !== undefined && isOurs) await unlink(at(path));
    });
  }
  for (const { path, mode } of folders.toReversed()) {
    if (mode === undefined) await rmdir(at(path)).catch(() => undefined);
  }
  for (const { path, mode } of folders) {
    if (mode === undefined || (await statOf(at(path))) !== undefined) continue;
    await attempt(path, async () => {
      await mkdir(at(path));
      await chmod(at(path), mode);
    });
  }
  for (const [index, { path }] of files.entries()) {
    const old = at(`${staging}/old-${index}`);
    if ((await statOf(old)) === undefined) continue;
    await attempt(path, async () => {
      if (!(await isBelowFolders(root, path))) throw new Error("One of its folders is a link.");
      await putInPlace(old, at(path));
    });
  }
  return failed;
}

/** Gives a file a second name. Unlike moving, this never replaces a file that somebody has just made. */
export async function putInPlace(from: Buffer, to: Buffer): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    // Some file systems have no second names.
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EMLINK") throw error;
    if ((await statOf(to)) !== undefined) throw Object.assign(new Error("It exists."), { code: "EEXIST" });
    await rename(from, to);
  }
}

/** Tells whether the folders of a path are folders, and not links to some. */
export async function isBelowFolders(root: string, path: PathBytes): Promise<boolean> {
  for (let end = path.indexOf("/"); end !== -1; end = path.indexOf("/", end + 1)) {
    if (!(await statOf(pathBelow(root, path.slice(0, end))))?.isDirectory()) return false;
  }
  return true;
}

async function statOf(path: Buffer) {
  return await lstat(path).catch(() => undefined);
}
