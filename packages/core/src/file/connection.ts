import { type MarkedValues, markedValue } from "../contract/marker.ts";
import { sqliteDialect } from "../contract/sqlite-dialect.ts";
import type { ErasedStatement } from "../contract/statement.ts";
import type { SqliteDatabase } from "./driver.ts";

/** A statement prepared on one connection. Values are bound by name; what is missing is null. A marker is bound as `marked` says. */
export interface Prepared {
  /** True when it reads or writes domain events or the journal, which the Writer keeps back until the end of a batch. */
  readonly touchesLog: boolean;
  readonly run: (values: Readonly<Record<string, unknown>>, marked?: MarkedValues) => number;
  readonly get: (values: Readonly<Record<string, unknown>>, marked?: MarkedValues) => unknown;
  readonly all: (values: Readonly<Record<string, unknown>>) => readonly unknown[];
}

/** A connection that prepares each statement once. */
export interface Connection {
  readonly database: SqliteDatabase;
  readonly prepared: (statement: ErasedStatement) => Prepared;
}

/** Wraps an open database. */
export function createConnection(database: SqliteDatabase): Connection {
  const known = new Map<ErasedStatement, Prepared>();
  return {
    database,
    prepared(statement) {
      const before = known.get(statement);
      if (before !== undefined) return before;
      const prepared = prepare(database, statement);
      known.set(statement, prepared);
      return prepared;
    },
  };
}

function prepare(database: SqliteDatabase, statement: ErasedStatement): Prepared {
  const { sql, order } = statement.compiled(sqliteDialect);
  const prepared = database.prepare<unknown[]>(sql);
  const bind = (values: Readonly<Record<string, unknown>>, marked?: MarkedValues): unknown[] => {
    const bound: unknown[] = [];
    for (const name of order) {
      let value = typeof name === "string" ? values[name] : name.literal;
      if (typeof value === "object" && value !== null) {
        const number = marked === undefined ? undefined : markedValue(value, marked);
        if (number !== undefined) value = number;
        // A driver would bind what is in a list, or in an object.
        else if (!ArrayBuffer.isView(value))
          throw new TypeError("SQLite can only bind numbers, strings, bigints, buffers, and null");
      }
      bound.push(value);
    }
    return bound;
  };
  return {
    touchesLog: /\b(domain_events|journal)\b/.test(sql),
    run: (values, marked) => prepared.run(...bind(values, marked)).changes,
    get: (values, marked) => prepared.get(...bind(values, marked)),
    all: (values) => prepared.all(...bind(values)),
  };
}
