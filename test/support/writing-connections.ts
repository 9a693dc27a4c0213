import Sqlite from "better-sqlite3";

/** Calls `listener` with each connection that a writer is made for, until the returned function is called. */
export function onWritingConnection(listener: (database: Sqlite.Database) => void): () => void {
  const { prepare } = Sqlite.prototype;
  Sqlite.prototype.prepare = function watched(this: Sqlite.Database, sql: string) {
    if (sql === "begin immediate") listener(this);
    return prepare.call(this, sql);
  } as typeof prepare;
  return () => {
    Sqlite.prototype.prepare = prepare;
  };
}
