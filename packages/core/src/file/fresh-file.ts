import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { link, open, rename, rm, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { CoreError, isCoreError } from "../contract/errors.ts";

// Not the lock file: it stays where a database was, and those who make a database look whether somebody holds it.
const BESIDE = ["", "-wal", "-shm", "-journal", ".owner", ".json"] as const;

/**
 * Makes a file that is either whole or absent: `write` fills another one, and that very file takes the name when it is done.
 * Its name is random, so two calls for one path never share a file: the first to finish gets the name. Rejects with
 * `ATLAS_CORE_FILE_EXISTS` if a file has the name already, which is replaced only with `replace`, and with
 * `ATLAS_CORE_COPY_FAILED` if the file cannot be written.
 */
export async function withFreshFile<Result>(
  path: string,
  write: (partial: string) => Promise<Result>,
  options: {
    readonly replace?: boolean;
    /** Is told the name of the other file before there is one, and when there is none any more. */
    readonly unfinished?: { add(partial: string): void; remove(partial: string): void };
  } = {},
): Promise<Result> {
  const whole = resolve(path);
  const partial = partialPath(whole);
  if (options.replace !== true) requireFree(whole);
  try {
    options.unfinished?.add(partial);
    const result = await write(partial);
    await sync(partial);
    await (options.replace === true ? rename(partial, whole) : claim(partial, whole));
    await sync(dirname(whole), "r").catch(() => undefined);
    return result;
  } catch (cause) {
    throw copyError(whole, cause);
  } finally {
    await removeDatabase(partial).then(
      () => options.unfinished?.remove(partial),
      () => undefined,
    );
  }
}

/** The error for a file that could not be written. An error that says more of itself stays what it is. */
export function copyError(path: string, cause: unknown): CoreError {
  if (isCoreError(cause)) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `"${path}" could not be written: ${reason}. No file was left there. Check the disk, then try again.`;
  return new CoreError("ATLAS_CORE_COPY_FAILED", { path, reason }, message, { cause });
}

/** Makes an empty file that only its owner can read, for SQLite to fill. Rejects if there is one of that name. */
export async function createPrivateFile(path: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  await file.close();
}

function partialPath(whole: string): string {
  return `${whole}.${randomBytes(6).toString("hex")}.partial`;
}

/** The name that a file will have, read from that of a partial one or of what SQLite left beside it; otherwise nothing. */
export function wholeNameOf(partial: string): string | undefined {
  return /^(.+)\.[0-9a-f]{12}\.partial(?:-wal|-shm|-journal)?$/.exec(partial)?.[1];
}

/**
 * Removes what a killed run left of an unfinished file of this name, such as a restore. The file is there now, so a run that is
 * still under way could not give it the name.
 */
export function sweepPartials(path: string): void {
  for (const file of readdirSync(dirname(path))) {
    if (wholeNameOf(file) === basename(path)) rmSync(join(dirname(path), file), { force: true });
  }
}

function requireFree(path: string): void {
  for (const suffix of BESIDE) {
    if (existsSync(`${path}${suffix}`)) throw taken(`${path}${suffix}`);
  }
}

/** Gives a file its name, unless it was taken in the meantime. */
async function claim(partial: string, whole: string): Promise<void> {
  try {
    await link(partial, whole);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") throw taken(whole, error);
    // A file system without links, such as that of a memory card.
    if (code !== "EPERM" && code !== "ENOTSUP") throw error;
    requireFree(whole);
    return rename(partial, whole);
  }
  await unlink(partial);
}

/** Removes a database that nobody has open, with what SQLite left beside it. */
async function removeDatabase(path: string): Promise<void> {
  for (const suffix of ["", "-wal", "-shm", "-journal"]) await rm(`${path}${suffix}`, { force: true });
}

/** Waits until the disk has what was written. Windows flushes only what was opened for writing; folders can only be read. */
async function sync(path: string, flags: "r+" | "r" = "r+"): Promise<void> {
  const file = await open(path, flags);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function taken(path: string, cause?: unknown): Error {
  const message = `"${path}" already exists and was not changed. Use a path where no file exists.`;
  return new CoreError("ATLAS_CORE_FILE_EXISTS", { path }, message, { cause });
}
