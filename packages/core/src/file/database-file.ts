import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readlinkSync,
  realpathSync,
  rmSync,
  type Stats,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { CoreError } from "../contract/errors.ts";

/** Where a store's database lies. */
export interface DatabaseFile {
  /** The real path: links are resolved, so that one file has one name. */
  readonly path: string;
  /** The file is new, or was made and left empty. */
  readonly isNew: boolean;
  /** True for `:memory:`: a file in a folder of its own that {@link DatabaseFile.remove} deletes. */
  readonly isTemporary: boolean;
  readonly sizeBytes: number;
  /** Removes a temporary database; nothing otherwise. */
  readonly remove: () => void;
}

/**
 * Finds the database file and makes sure that it may be opened; nothing is created yet but a temporary folder. Throws
 * `ATLAS_CORE_DATABASE_PATH`.
 */
export function findDatabaseFile(database: string): DatabaseFile {
  if (typeof database !== "string" || database.length === 0) {
    throw new TypeError(`database must be a file path or ":memory:"; got ${JSON.stringify(database)}.`);
  }
  if (database === ":memory:") return temporaryFile();
  if (/^file:/i.test(database)) throw badPath(database, "is a URI; use a plain path");
  if (database.includes("\0")) throw badPath(database, "contains a NUL character; remove it");
  const path = realPath(resolve(database), database);
  const found = statOf(path, database);
  if ((found?.size ?? 0) === 0 && (statOf(`${path}-wal`, database)?.size ?? 0) > 0) {
    throw new CoreError(
      "ATLAS_CORE_DATABASE_CORRUPT",
      { path, found: "a write-ahead log without its database" },
      `The database "${path}" is missing or empty, but its write-ahead log (-wal) still holds changes. Put the file back, or restore a backup.`,
    );
  }
  if (found === undefined) return { path, isNew: true, isTemporary: false, sizeBytes: 0, remove: nothing };
  if (found.isDirectory()) throw badPath(database, "is a directory; name a file in it");
  if (!found.isFile()) throw badPath(database, "is not a regular file; use another path");
  if (found.nlink > 1) {
    throw badPath(
      database,
      "has more than one hard link, so two gateways could open it under two names; copy it first",
    );
  }
  return { path, isNew: found.size === 0, isTemporary: false, sizeBytes: found.size, remove: nothing };
}

/** Makes the folder (0700) and an empty file (0600) for a new database. Other users cannot read either. */
export function createDatabaseFile({ path }: DatabaseFile): void {
  try {
    makeFolder(dirname(path));
    // Exclusive: a file that is there already is left alone, and is never opened by anything but SQLite.
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw badPath(path, "cannot be created", error);
  }
}

/** Not `recursive`, with which Node never returns below /proc. */
function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function temporaryFile(): DatabaseFile {
  const folder = mkdtempSync(join(tmpdir(), "atlas-"));
  return {
    path: join(realpathSync(folder), "memory.db"),
    isNew: true,
    isTemporary: true,
    sizeBytes: 0,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The path with every link resolved that exists so far. */
function realPath(path: string, given: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" || dirname(path) === path) throw badPath(given, "cannot be reached", error);
    const target = linkTarget(path);
    // A link to a file that is not there yet is followed too: SQLite will make the file there, not here.
    if (target !== undefined) return realPath(resolve(dirname(path), target), given);
    return join(realPath(dirname(path), given), basename(path));
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function statOf(path: string, given: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw badPath(given, "cannot be reached", error);
  }
}

/** The error for a path at which no database can be opened. */
export function badPath(path: string, problem: string, cause?: unknown): Error {
  const reason = cause instanceof Error ? ` (${cause.message})` : "";
  const message = `The database path "${path}" ${problem}${reason}.`;
  return new CoreError("ATLAS_CORE_DATABASE_PATH", { path }, message, { cause });
}

function nothing(): void {}
