import { backup, DatabaseSync } from "node:sqlite";
import Sqlite from "better-sqlite3";
import type { DriverName, SqliteDatabase } from "../../packages/core/src/file/driver.ts";
import { nodeDatabase } from "../../packages/core/src/file/drivers/node-sqlite.ts";
import { loadSqlite } from "../../packages/core/src/file/load-sqlite.ts";

/** The driver that tests open stores with: `npm run test:drivers` runs them on the other one. */
export const testDriver: DriverName =
  process.env["ATLAS_TEST_DRIVER"] === "node:sqlite" ? "node:sqlite" : "better-sqlite3";

/** Opens a connection as a store does, with the driver of the tests. */
export const openTested = await loadSqlite(testDriver);

/**
 * Opens one more connection, for a test that looks into a file or changes it by hand. It has the driver of the tests, because two
 * SQLite libraries in one process do not respect each other's locks.
 */
export function openRaw(
  path: string,
  { readonly = false, timeoutMs = 5_000 }: { readonly readonly?: boolean; readonly timeoutMs?: number } = {},
): SqliteDatabase {
  return openTested(path, { readonly, timeoutMs });
}

/** What a test may watch of a statement, whichever driver made it. */
export interface WatchedStatement {
  run: (...values: never[]) => unknown;
}

/** Calls `listener` with each statement that a connection prepares, until the returned function is called. */
export function onPrepare(
  listener: (sql: string, database: SqliteDatabase, statement: WatchedStatement) => void,
): () => void {
  if (testDriver === "node:sqlite") {
    const { prepare } = DatabaseSync.prototype;
    DatabaseSync.prototype.prepare = function watched(this: DatabaseSync, sql) {
      const statement = prepare.call(this, sql);
      listener(sql, wrapped(this), statement);
      return statement;
    };
    return () => {
      DatabaseSync.prototype.prepare = prepare;
    };
  }
  const { prepare } = Sqlite.prototype;
  Sqlite.prototype.prepare = function watched(this: Sqlite.Database, sql: string) {
    const statement = prepare.call(this, sql);
    listener(sql, this, statement);
    return statement;
  } as typeof prepare;
  return () => {
    Sqlite.prototype.prepare = prepare;
  };
}

/** Calls `listener` before each text that a connection executes, until the returned function is called. */
export function onExec(listener: (sql: string, database: SqliteDatabase) => void): () => void {
  if (testDriver === "node:sqlite") {
    const { exec } = DatabaseSync.prototype;
    DatabaseSync.prototype.exec = function watched(this: DatabaseSync, sql) {
      listener(sql, wrapped(this));
      return exec.call(this, sql);
    };
    return () => {
      DatabaseSync.prototype.exec = exec;
    };
  }
  const { exec } = Sqlite.prototype;
  Sqlite.prototype.exec = function watched(this: Sqlite.Database, sql: string) {
    listener(sql, this);
    return exec.call(this, sql);
  };
  return () => {
    Sqlite.prototype.exec = exec;
  };
}

function wrapped(native: DatabaseSync): SqliteDatabase {
  return nodeDatabase(native, { path: native.location() ?? "", backup });
}
