import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type { Clock } from "../contract/clock.ts";
import { CoreError, storeStopped } from "../contract/errors.ts";
import type { SqliteDatabase } from "../file/driver.ts";

/** The reads of `repo.select`: on connections of their own, so that none of them can hold up a named query. */
export interface AdHocReads {
  readonly dialect: Dialect;
  /** Streams and transactions that are open, and for how long the oldest of them. */
  readonly stats: () => OpenReads;
  /** Closes every connection. A stream or a transaction that is open rejects with `ATLAS_CORE_STOPPED`. */
  readonly close: () => void;
}

/** Streams and transactions of `repo.select` that are open now. Each keeps the write-ahead log from being emptied. */
export interface OpenReads {
  readonly count: number;
  /** In milliseconds; 0 without any. */
  readonly oldestMs: number;
}

/** How long a stream or a transaction may stay open by default. */
export const READ_TIMEOUT_MS = 60_000;

/** A connection of one stream or transaction. */
interface HeldReader {
  /** Throws what ended it. */
  database(): SqliteDatabase;
  /** Registers the rows that are being read, so that they can be let go. */
  reads(rows: Iterator<unknown>): void;
  end(reason?: CoreError): void;
}

interface AdHocConnection extends DatabaseConnection {
  begin(): void;
  finish(statement: "commit" | "rollback"): void;
}

/** `open` opens one more connection that cannot write. None is opened before it is needed. */
export function createAdHocReads(options: {
  readonly open: () => SqliteDatabase;
  readonly clock: Clock;
  readonly timeoutMs: number;
}): AdHocReads {
  const { open, clock, timeoutMs } = options;
  const held = new Map<HeldReader, number>();
  let shared: SqliteDatabase | undefined;
  let isClosed = false;

  const driver: Driver = {
    init: async () => undefined,
    acquireConnection: async () => createAdHocConnection(),
    // Every connection is made above.
    beginTransaction: async (connection) => (connection as AdHocConnection).begin(),
    commitTransaction: async (connection) => (connection as AdHocConnection).finish("commit"),
    rollbackTransaction: async (connection) => (connection as AdHocConnection).finish("rollback"),
    releaseConnection: async () => undefined,
    destroy: async () => undefined,
  };

  return {
    dialect: {
      createAdapter: () => new ManyConnections(),
      createDriver: () => driver,
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
    stats() {
      const [oldest] = held.values();
      return {
        count: held.size,
        oldestMs: oldest === undefined ? 0 : Math.round(clock.monotonic() - oldest),
      };
    },
    close() {
      isClosed = true;
      for (const reader of [...held.keys()]) reader.end(storeStopped());
      shared?.close();
    },
  };

  function createAdHocConnection(): AdHocConnection {
    let transaction: HeldReader | undefined;
    return {
      begin() {
        transaction = hold();
        transaction.database().exec("begin");
      },
      finish(statement) {
        const ending = transaction;
        transaction = undefined;
        try {
          // What was ended from outside is rolled back already; only a commit has to hear of it.
          if (statement === "commit") ending?.database().exec("commit");
        } finally {
          ending?.end();
        }
      },
      async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
        const database = transaction?.database() ?? sharedReader();
        // The rows are what the query was typed with.
        const statement = database.prepare<unknown[]>(sql);
        // One that writes is run as well, for SQLite to say that the connection is read-only.
        if (!statement.reader) statement.run(...parameters);
        return { rows: statement.reader ? (statement.all(...parameters) as Row[]) : [] };
      },
      async *streamQuery<Row>({ sql, parameters }: CompiledQuery): AsyncGenerator<QueryResult<Row>> {
        const reader = transaction ?? hold();
        try {
          const rows = reader
            .database()
            .prepare<unknown[]>(sql)
            .iterate(...parameters);
          reader.reads(rows);
          for (;;) {
            reader.database();
            const next = rows.next();
            if (next.done === true) return;
            yield { rows: [next.value as Row] };
          }
        } finally {
          if (transaction === undefined) reader.end();
        }
      },
    };
  }

  function sharedReader(): SqliteDatabase {
    if (isClosed) throw storeStopped();
    shared ??= open();
    return shared;
  }

  function hold(): HeldReader {
    if (isClosed) throw storeStopped();
    const database = open();
    let rows: Iterator<unknown> | undefined;
    let ended: CoreError | undefined;
    const reader: HeldReader = {
      database() {
        if (ended !== undefined) throw ended;
        return database;
      },
      reads(next) {
        rows = next;
      },
      end(reason = storeStopped()) {
        if (ended !== undefined) return;
        ended = reason;
        cancel();
        held.delete(reader);
        // SQLite does not close a connection while rows of it are being read.
        rows?.return?.();
        database.close();
      },
    };
    const cancel = clock.after(timeoutMs, () => reader.end(tookTooLong(timeoutMs)));
    held.set(reader, clock.monotonic());
    return reader;
  }
}

/** Kysely hands out the connections of SQLite one at a time unless its adapter says that there are several. */
class ManyConnections extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

function tookTooLong(timeoutMs: number): CoreError {
  return new CoreError(
    "ATLAS_CORE_READ_TIMEOUT",
    { timeoutMs },
    `A stream or a transaction of repo.select was open for ${timeoutMs} ms and was closed, because the write-ahead log grows while it reads. Read in pages, or raise readTimeoutMs.`,
  );
}
