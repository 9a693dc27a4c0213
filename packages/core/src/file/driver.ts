/** The SQLite libraries that Atlas can use: `better-sqlite3` (a package with native code), or the one in Node itself. */
export type DriverName = "better-sqlite3" | "node:sqlite";

/** Opens a connection with one library. */
export type OpenConnection = (
  path: string,
  options: {
    readonly readonly?: boolean;
    /** Default: as `readonly`. */
    readonly mustExist?: boolean;
    /** How long a call waits for the lock of another connection. */
    readonly timeoutMs: number;
  },
) => SqliteDatabase;

/** Opens a database file, with the library that a store was opened with. */
export interface OpenDatabase extends OpenConnection {
  readonly driver: DriverName;
}

/** An open connection to a SQLite database, with exactly what Atlas uses. A connection of better-sqlite3 fits as it is. */
export interface SqliteDatabase {
  /** The path that it was opened with. */
  readonly name: string;
  readonly open: boolean;
  /** False also after an error that made SQLite roll the transaction back by itself. */
  readonly inTransaction: boolean;
  prepare<Parameters extends unknown[] = unknown[], Row = unknown>(
    sql: string,
  ): SqliteStatement<Parameters, Row>;
  /** Runs any number of statements that need no values. */
  exec(sql: string): unknown;
  /** Runs a pragma. Returns its rows, or with `simple` the first value of the first one. */
  pragma(sql: string, options?: { readonly simple?: boolean }): unknown;
  /**
   * Copies the database to `to`, a part at a time, and leaves the thread between two parts. `rate` is the size of the first part and
   * `progress` returns that of the next one, in pages: let both say the same, for one driver asks before the first part and one never.
   */
  backup(to: string, options: { readonly rate: number; readonly progress: () => number }): Promise<unknown>;
  /** Closes the connection. Does nothing if it is closed. */
  close(): unknown;
}

/**
 * A prepared statement. Values are bound by position; `undefined` is bound as null. What SQLite reports is thrown with its name as
 * `code`, such as `SQLITE_BUSY`.
 */
export interface SqliteStatement<Parameters extends unknown[] = unknown[], Row = unknown> {
  /** True when it returns rows. */
  readonly reader: boolean;
  run(...values: Parameters): { readonly changes: number; readonly lastInsertRowid: number | bigint };
  get(...values: Parameters): Row | undefined;
  all(...values: Parameters): Row[];
  iterate(...values: Parameters): IterableIterator<Row>;
  /** Makes it return the first column alone. Returns the same statement. */
  pluck(): SqliteStatement<Parameters, Row>;
  /** Makes it return each row as an array. Returns the same statement. */
  raw(): SqliteStatement<Parameters, Row>;
}
