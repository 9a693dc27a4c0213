import type { backup, DatabaseSync, StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { OpenConnection, SqliteDatabase, SqliteStatement } from "../driver.ts";
import { resultCodeName } from "./result-codes.ts";

type NodeSqlite = { readonly DatabaseSync: typeof DatabaseSync; readonly backup: typeof backup };
type Bound = Parameters<StatementSync["run"]>;
type Value = null | number | bigint | string | Uint8Array;

/** Loads `node:sqlite`. Its connections then bind, return and throw what those of better-sqlite3 do. */
export async function loadNodeSqlite(): Promise<OpenConnection> {
  const sqlite: NodeSqlite = await import("node:sqlite");
  return (path, { readonly = false, mustExist = readonly, timeoutMs }) => {
    const settings = {
      readOnly: readonly,
      timeout: timeoutMs,
      enableForeignKeyConstraints: true,
      enableDoubleQuotedStringLiterals: false,
      allowExtension: false,
      // Node 22 does not know it.
      defensive: true,
    };
    // Only as a URL can a file be opened for writing that must be there already.
    const location = mustExist && !readonly ? existingFile(path) : path;
    const native = named(() => new sqlite.DatabaseSync(location, settings));
    return nodeDatabase(native, { path, backup: sqlite.backup });
  };
}

function existingFile(path: string): URL {
  const url = pathToFileURL(path);
  url.searchParams.set("mode", "rw");
  return url;
}

/** Wraps a connection of Node. */
export function nodeDatabase(
  native: DatabaseSync,
  { path, backup: copy }: { readonly path: string; readonly backup: typeof backup },
): SqliteDatabase {
  const prepare = <Parameters extends unknown[], Row>(sql: string): SqliteStatement<Parameters, Row> => {
    const statement = named(() => native.prepare(sql));
    requireOneStatement(sql, statement.sourceSQL);
    return createStatement(statement, sql);
  };
  return {
    name: path,
    get open() {
      return native.isOpen;
    },
    get inTransaction() {
      return native.isOpen && native.isTransaction;
    },
    prepare,
    exec: (sql) => named(() => native.exec(sql)),
    pragma(sql, { simple = false } = {}) {
      const statement = prepare<[], unknown>(`pragma ${sql}`);
      if (!statement.reader) return void statement.run();
      return simple ? statement.pluck().get() : statement.all();
    },
    async backup(to, { rate, progress }) {
      try {
        return await copy(native, to, { rate, progress: () => void progress() });
      } catch (error) {
        throw withCode(error);
      }
    },
    close() {
      if (native.isOpen) named(() => native.close());
    },
  };
}

/** SQLite compiles the first statement of a text and leaves the rest; Node does not say that there is one. */
function requireOneStatement(sql: string, compiled: string): void {
  const rest = sql.slice(sql.indexOf(compiled) + compiled.length);
  if (/^(?:[\s;]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))*$/.test(rest)) return;
  throw new RangeError("The supplied SQL string contains more than one statement");
}

function createStatement<Parameters extends unknown[], Row>(
  native: StatementSync,
  sql: string,
): SqliteStatement<Parameters, Row> {
  let names = namesOf(native);
  const reader = names.length > 0;
  // `*` stands for other columns once the schema has changed.
  const isFixed = !sql.includes("*");
  let shape = toObject;
  if (reader) {
    // Rows as objects take Node twice as long, and it throws for integers beyond the safe range.
    native.setReturnArrays(true);
    native.setReadBigInts(true);
  }

  const statement: SqliteStatement<Parameters, Row> = {
    reader,
    run(...values) {
      const bound = bindable(values);
      try {
        const { changes, lastInsertRowid } = native.run(...bound);
        // A statement that returns rows counts in bigints too.
        return { changes: Number(changes), lastInsertRowid };
      } catch (error) {
        throw withCode(error);
      }
    },
    get(...values) {
      const bound = rowsOf(values);
      try {
        const row = native.get(...bound);
        readNames();
        return row === undefined ? undefined : toRow(row);
      } catch (error) {
        throw withCode(error);
      }
    },
    all(...values) {
      const bound = rowsOf(values);
      try {
        const rows = native.all(...bound);
        readNames();
        return rows.map(toRow);
      } catch (error) {
        throw withCode(error);
      }
    },
    iterate: (...values) => iterate(rowsOf(values)),
    pluck() {
      shape = first;
      return statement;
    },
    raw() {
      shape = (row) => row;
      return statement;
    },
  };
  return statement;

  /** The values for a statement that returns rows. */
  function rowsOf(values: unknown[]): Bound {
    if (!reader) throw new TypeError("This statement does not return data. Use run() instead");
    return bindable(values);
  }

  /** Called after a run, which compiles the statement again where the schema has changed. */
  function readNames(): void {
    if (!isFixed) names = namesOf(native);
  }

  function* iterate(bound: Bound): Generator<Row, undefined> {
    try {
      let isFirst = true;
      for (const row of native.iterate(...bound)) {
        if (isFirst) readNames();
        isFirst = false;
        yield toRow(row);
      }
    } catch (error) {
      throw withCode(error);
    }
  }

  function toRow(row: unknown): Row {
    // setReturnArrays makes each row one; the caller knows what the statement returns.
    return shape(plainValues(row as Value[]), names) as Row;
  }
}

function namesOf(statement: StatementSync): readonly string[] {
  return statement.columns().map(({ name }) => name);
}

function toObject(row: readonly unknown[], names: readonly string[]): unknown {
  // There is a name for each value.
  const object: Record<string, unknown> = {};
  for (let index = 0; index < row.length; index += 1) object[names[index] as string] = row[index];
  return object;
}

function first(row: readonly unknown[]): unknown {
  return row[0];
}

/** Integers as numbers, rounded where they are too large, and blobs as buffers. */
function plainValues(row: Value[]): readonly unknown[] {
  for (let index = 0; index < row.length; index += 1) {
    const value = row[index];
    if (typeof value === "bigint") row[index] = Number(value);
    else if (typeof value === "object" && value !== null)
      row[index] = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  return row;
}

/**
 * The same values as Node takes them. It binds true as 1, and takes an object for named parameters: a date, which has none, would
 * shift all that follow.
 */
function bindable(bound: unknown[]): Bound {
  for (let index = 0; index < bound.length; index += 1) {
    const value = bound[index];
    if (value === undefined) bound[index] = null;
    else if (
      typeof value === "boolean" ||
      typeof value === "symbol" ||
      typeof value === "function" ||
      (typeof value === "object" && value !== null && !ArrayBuffer.isView(value))
    )
      throw new TypeError("SQLite can only bind numbers, strings, bigints, buffers, and null");
  }
  // Every other type was refused.
  return bound as Bound;
}

function named<Result>(call: () => Result): Result {
  try {
    return call();
  } catch (error) {
    throw withCode(error);
  }
}

/** Gives an error of SQLite the name of its result code, such as `SQLITE_BUSY`. */
function withCode(error: unknown): unknown {
  if (error instanceof Error && "errcode" in error && typeof error.errcode === "number")
    return Object.assign(error, { code: resultCodeName(error.errcode) });
  return error;
}
