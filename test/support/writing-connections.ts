import type { SqliteDatabase } from "../../packages/core/src/file/driver.ts";
import { onPrepare } from "./test-driver.ts";

/** Calls `listener` with each connection that a writer is made for, until the returned function is called. */
export function onWritingConnection(listener: (database: SqliteDatabase) => void): () => void {
  return onPrepare((sql, database) => {
    if (sql === "begin immediate") listener(database);
  });
}
