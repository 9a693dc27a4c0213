import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { CoreError } from "../contract/errors.ts";
import { badPath } from "./database-file.ts";
import type { OpenDatabase, SqliteDatabase } from "./driver.ts";
import { sqliteCode } from "./storage-trouble.ts";

/** The right to be the one gateway of a database file. */
export interface FileLock {
  /** True when the owner before ended without releasing it: it crashed or was killed. */
  readonly wasLeftBehind: boolean;
  /** Frees the lock. The owner file is removed unless another process has written its own. */
  release(): void;
}

const owner = z.object({ pid: z.int() });

/**
 * Takes the lock of a database: an exclusive transaction on a small database beside it, held for as long as the process
 * lives. The kernel frees it however the process ends, so there is never a stale lock to clean up. The lock file itself
 * stays, for deleting it would let two processes hold two files of one name. Who owns it stands in a third file.
 * Throws `ATLAS_CORE_DATABASE_IN_USE`.
 */
export function takeFileLock(open: OpenDatabase, path: string): FileLock {
  const ownerFile = `${path}.owner`;
  createPrivateFile(`${path}.lock`);
  const database = lockFile(open, path);
  try {
    // Also an empty file was left behind: the process may have ended before it wrote its id.
    const wasLeftBehind = existsSync(ownerFile);
    writeFileSync(ownerFile, JSON.stringify({ pid: process.pid }), { mode: 0o600 });
    return { wasLeftBehind, release: () => release(database, ownerFile) };
  } catch (error) {
    database.close();
    throw badPath(path, `cannot be opened, because "${ownerFile}" cannot be written`, error);
  }
}

/** Throws `ATLAS_CORE_DATABASE_IN_USE` if a gateway holds the lock of a path. A lock file that nobody holds is no obstacle. */
export function requireUnlocked(open: OpenDatabase, path: string): void {
  if (existsSync(`${path}.lock`)) lockFile(open, path).close();
}

function lockFile(open: OpenDatabase, path: string): SqliteDatabase {
  const database = open(`${path}.lock`, { timeoutMs: 0 });
  try {
    // No journal, so that the lock leaves no other file beside it.
    database.pragma("journal_mode = memory");
    database.exec("begin exclusive");
    return database;
  } catch (error) {
    database.close();
    if (sqliteCode(error)?.startsWith("SQLITE_BUSY") !== true) throw error;
    throw inUse(path, readOwner(`${path}.owner`), error);
  }
}

function createPrivateFile(path: string): void {
  try {
    // Exclusive, for a file that SQLite may have open in this process must never be closed by anything else.
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw badPath(path, "cannot be created", error);
  }
}

function release(database: SqliteDatabase, ownerFile: string): void {
  if (readOwner(ownerFile) === process.pid) rmSync(ownerFile, { force: true });
  database.close();
}

function readOwner(file: string): number | undefined {
  try {
    return owner.parse(JSON.parse(readFileSync(file, "utf8"))).pid;
  } catch {
    return undefined;
  }
}

function inUse(path: string, pid: number | undefined, cause: unknown): Error {
  const who = pid === undefined ? "another gateway" : `the gateway of process ${pid}`;
  const message = `The database "${path}" is in use by ${who}. Stop it first, or use another file. To read beside a running gateway, use openReadOnly.`;
  const details = { path, ...(pid === undefined ? {} : { pid }) };
  return new CoreError("ATLAS_CORE_DATABASE_IN_USE", details, message, { cause });
}
