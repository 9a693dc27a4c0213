import type Database from "better-sqlite3";
import type { ErasedStatement } from "../contract/statement.ts";

/** A statement prepared on one connection. Values are bound by name; what is missing is null. */
export interface Prepared {
  /** True when it reads or writes domain events or the journal, which the Writer keeps back until the end of a batch. */
  readonly touchesLog: boolean;
  readonly run: (values: Readonly<Record<string, unknown>>) => number;
  readonly get: (values: Readonly<Record<string, unknown>>) => unknown;
  readonly all: (values: Readonly<Record<string, unknown>>) => readonly unknown[];
}

/** A connection that prepares each statement once. */
export interface Connection {
  readonly database: Database.Database;
  readonly prepared: (statement: ErasedStatement) => Prepared;
}

/** Wraps an open database. */
export function createConnection(database: Database.Database): Connection {
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

function prepare(database: Database.Database, statement: ErasedStatement): Prepared {
  const { sql, order } = statement.compiled();
  const prepared = database.prepare<unknown[]>(sql);
  const bind = (values: Readonly<Record<string, unknown>>): unknown[] => {
    const bound: unknown[] = [];
    let plain = true;
    for (const name of order) {
      const value = typeof name === "string" ? values[name] : name.literal;
      if (typeof value === "object" && value !== null) plain = false;
      bound.push(value);
    }
    // As arguments values are bound faster than as one array, but better-sqlite3 would flatten a list among them.
    return plain ? bound : [bound];
  };
  return {
    touchesLog: /\b(domain_events|journal)\b/.test(sql),
    run: (values) => prepared.run(...bind(values)).changes,
    get: (values) => prepared.get(...bind(values)),
    all: (values) => prepared.all(...bind(values)),
  };
}
