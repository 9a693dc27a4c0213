import { existsSync } from "node:fs";
import { CoreError } from "../contract/errors.ts";
import { badPath } from "./database-file.ts";
import type { OpenDatabase, SqliteDatabase } from "./driver.ts";
import { CEILING_PAGES, CHECKPOINT_PAGES } from "./log-length.ts";
import { sqliteCode } from "./storage-trouble.ts";

/** Marks a file as Atlas's in SQLite's header: "ATLS". */
export const APPLICATION_ID = 0x41_54_4c_53;

const UNREACHABLE = /^SQLITE_(CANTOPEN|READONLY|PERM|AUTH)/;
// A log that grew beyond this, under a long reader, is cut to it once it starts anew. Usually it stays far below.
const MAX_IDLE_LOG_BYTES = 16 * 1024 * 1024;

// In KiB, as SQLite counts what is negative. Drivers are compiled with 2 or 16 MiB.
const CACHE_SIZE = -16_000;

/** How strictly commits are written: `full` survives a power loss, `off` is for files that go with the process. */
export type Synchronous = "full" | "off";

const SYNCHRONOUS = { full: 2, off: 0 } as const;

/** Opens the connection that writes, with every setting that Atlas's promises rest on, and reads them back. */
export function openWriting(open: OpenDatabase, path: string, synchronous: Synchronous): SqliteDatabase {
  const database = open(path, { timeoutMs: OPENING_TIMEOUT_MS });
  try {
    // First: entering WAL mode flushes the whole file otherwise, and a copy that was just made is not on the disk yet.
    database.pragma(`synchronous = ${synchronous}`);
    database.pragma("journal_mode = wal");
    if (process.platform === "darwin") database.pragma("fullfsync = on");
    database.pragma(`cache_size = ${CACHE_SIZE}`);
    database.pragma("temp_store = memory");
    database.pragma(`wal_autocheckpoint = ${synchronous === "full" ? CHECKPOINT_PAGES : CEILING_PAGES}`);
    database.pragma(`journal_size_limit = ${MAX_IDLE_LOG_BYTES}`);
    database.pragma("mmap_size = 0");
    requirePragma(database, "journal_mode", "wal");
    requirePragma(database, "synchronous", SYNCHRONOUS[synchronous]);
    requirePragma(database, "foreign_keys", 1);
    requirePragma(database, "trusted_schema", 0);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** How long opening and migrating wait for another process's lock. */
const OPENING_TIMEOUT_MS = 250;

/** From here on a lock is never waited for within a call: that would hold up the event loop. */
export function stopWaitingForLocks(database: SqliteDatabase): void {
  database.pragma("busy_timeout = 0");
}

/** Opens a connection that cannot write. */
export function openReading(open: OpenDatabase, path: string): SqliteDatabase {
  const database = open(path, { readonly: true, timeoutMs: OPENING_TIMEOUT_MS });
  database.pragma(`cache_size = ${CACHE_SIZE}`);
  // A connection joins the write-ahead log with its first read. From then on it reads also when writing has failed for good.
  database.pragma("user_version");
  return database;
}

function requirePragma(database: SqliteDatabase, name: string, wanted: string | number): void {
  const found: unknown = database.pragma(name, { simple: true });
  if (found !== wanted)
    throw new Error(`SQLite answered "${String(found)}" to pragma ${name}, not "${wanted}".`);
}

/** What is in a database file, as far as its header and its own check tell. */
export type FileContent = "empty" | "atlas" | "foreign";

/**
 * Tells whose file it is, without changing it. Throws `ATLAS_CORE_DATABASE_FOREIGN` for what is no SQLite database and
 * `ATLAS_CORE_DATABASE_CORRUPT` for one that cannot be read.
 */
export function inspectFile(open: OpenDatabase, path: string): FileContent {
  return lookInto(open, path, (database) => {
    if (database.pragma("application_id", { simple: true }) === APPLICATION_ID) return "atlas";
    const tables = Number(database.prepare("select count(*) from sqlite_master").pluck().get());
    return tables === 0 ? "empty" : "foreign";
  });
}

/** Checks a file that nobody has open, without changing it; throws like {@link quickCheck}. */
export function quickCheckFile(open: OpenDatabase, path: string): void {
  lookInto(open, path, (database) => quickCheck(database, path));
}

function lookInto<Result>(
  open: OpenDatabase,
  path: string,
  look: (database: SqliteDatabase) => Result,
): Result {
  return withFileNamed(path, () => {
    const database = open(path, { readonly: mustBeReadonly(path), timeoutMs: OPENING_TIMEOUT_MS });
    try {
      return look(database);
    } finally {
      database.close();
    }
  });
}

/**
 * How to look into a file without changing it. A reading connection leaves a -wal and a -shm file behind; a writing one removes
 * them, but would first bring in what is left in such a log. So each where it changes nothing; only what a gateway that was
 * killed in its very first steps left, before there was a write-ahead log, is rolled back. It had written its name already.
 */
export function mustBeReadonly(path: string): boolean {
  const has = (suffix: string): boolean => existsSync(`${path}${suffix}`);
  return has("-wal") || (has("-journal") && !has(".owner"));
}

/** Runs SQLite's quick check; throws `ATLAS_CORE_DATABASE_CORRUPT` with its first finding. */
function quickCheck(database: SqliteDatabase, path: string): void {
  withFileNamed(path, () => {
    const found = String(database.pragma("quick_check(1)", { simple: true }));
    if (found !== "ok") throw corrupt(path, found);
  });
}

/** Runs `read` and names what SQLite says of the file: foreign, damaged, or out of reach. */
export function withFileNamed<Result>(path: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    const code = sqliteCode(error);
    if (code?.startsWith("SQLITE_NOTADB") === true) throw foreign(path, error);
    if (code?.startsWith("SQLITE_CORRUPT") === true) throw corrupt(path, (error as Error).message, error);
    if (code?.startsWith("SQLITE_BUSY") === true) throw held(path, error);
    if (code !== undefined && UNREACHABLE.test(code))
      throw badPath(path, "cannot be opened for writing", error);
    throw error;
  }
}

/** The error for a file that is not Atlas's. */
export function foreign(path: string, cause?: unknown): Error {
  const message = `"${path}" is not a database of Atlas. It was not changed. Use another path.`;
  return new CoreError("ATLAS_CORE_DATABASE_FOREIGN", { path }, message, { cause });
}

function held(path: string, cause: unknown): Error {
  const message = `Another program has locked the database "${path}", so it could not be opened. Try again after that program has finished.`;
  return new CoreError("ATLAS_CORE_DATABASE_IN_USE", { path }, message, { cause });
}

function corrupt(path: string, found: string, cause?: unknown): Error {
  const message = `The database "${path}" is damaged: ${found}. It was not changed. Restore a backup to another path.`;
  return new CoreError("ATLAS_CORE_DATABASE_CORRUPT", { path, found }, message, { cause });
}
