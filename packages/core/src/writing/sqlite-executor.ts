import type { Connection } from "../file/connection.ts";
import { taken } from "../file/file-watch.ts";
import { FileLost, troubleKind } from "../file/storage-trouble.ts";
import { usualRows } from "./batch-log.ts";
import { type Counters, readCounters } from "./counters.ts";
import { ROWS_PER_INSERT, type RowShape } from "./encode-rows.ts";
import type { Executor } from "./executor.ts";

type Insert = (values: readonly unknown[], rows: number) => void;

/** The executor of SQLite, on the one connection that writes. It always answers at once. */
export function createSqliteExecutor(connection: Connection): Executor {
  const { database } = connection;
  const begin = database.prepare("begin immediate");
  const commit = database.prepare("commit");
  const rollback = database.prepare("rollback");
  const savepoint = database.prepare("savepoint unit");
  const release = database.prepare("release unit");
  const rollbackToSavepoint = database.prepare("rollback to unit");
  // SQLite changes this number when another connection has committed.
  const dataVersion = database.prepare<[], number>("pragma data_version").pluck();
  const inserts = new Map(usualRows.map((shape) => [shape, createInsert(connection, shape)]));
  let seenVersion = dataVersion.get();

  return {
    begin(counters) {
      begin.run();
      requireOneWriter(counters);
    },
    commit: () => void commit.run(),
    rollback() {
      if (database.inTransaction) rollback.run();
    },
    beginUnit(mayFailInPart) {
      // A statement is atomic and guards come first, so only a unit that may write twice, or too few rows, needs a savepoint.
      if (mayFailInPart) savepoint.run();
      return mayFailInPart;
    },
    endUnit: () => void release.run(),
    undoUnit() {
      rollbackToSavepoint.run();
      release.run();
    },
    prepared: connection.prepared,
    insert: ({ shape, rows, values }) => insertOf(shape)(values, rows),
    // A full disk or an I/O error ends the whole transaction, whatever the error says.
    troubleOf: (error) => troubleKind(error) ?? (database.inTransaction ? undefined : "failed"),
  };

  /** Two writers would give the same numbers twice. Programs that change other rows are not noticed here; `verify` finds them. */
  function requireOneWriter(counters: Counters): void {
    const version = dataVersion.get();
    if (version === seenVersion) return;
    const stored = readCounters(database);
    if (stored.nextCommand !== counters.nextCommand || stored.nextEvent !== counters.nextEvent) {
      throw new FileLost(taken(database.name));
    }
    seenVersion = version;
  }

  function insertOf(shape: RowShape): Insert {
    const known = inserts.get(shape);
    if (known !== undefined) return known;
    // Many stores never have such rows.
    const insert = createInsert(connection, shape);
    inserts.set(shape, insert);
    return insert;
  }
}

/** Statements for 1 to 25 rows of these columns. */
function createInsert({ database }: Connection, { table, columns }: RowShape): Insert {
  const row = `(${columns.map(() => "?").join(", ")})`;
  const bySize = Array.from({ length: ROWS_PER_INSERT }, (_, index) => {
    const rows = Array.from({ length: index + 1 }, () => row).join(", ");
    return database.prepare<unknown[]>(`insert into ${table} (${columns.join(", ")}) values ${rows}`);
  });
  return (values, rows) => void bySize[rows - 1]?.run(...values);
}
