import type { SqliteDatabase } from "./driver.ts";

/** Runs `work` in a transaction of its own: commits what it did, or rolls it back if it throws. */
export function inTransaction<Result>(
  database: SqliteDatabase,
  work: () => Result,
  begin: "begin" | "begin immediate" = "begin",
): Result {
  database.exec(begin);
  try {
    const result = work();
    database.exec("commit");
    return result;
  } catch (error) {
    // SQLite may have rolled it back by itself.
    if (database.inTransaction) database.exec("rollback");
    throw error;
  }
}
