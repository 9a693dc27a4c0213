import { openRaw } from "../../../../test/support/test-driver.ts";

/** Everything that `sql` finds in a database file, on a connection of its own that only reads. */
export function readRows<Row>(path: string, sql: string, ...values: readonly unknown[]): readonly Row[] {
  const database = openRaw(path, { readonly: true });
  try {
    return database.prepare<unknown[], Row>(sql).all(...values);
  } finally {
    database.close();
  }
}

/** The first column of the first row. */
export function readValue<Value>(path: string, sql: string, ...values: readonly unknown[]): Value {
  const [row] = readRows<Record<string, Value>>(path, sql, ...values);
  return Object.values(row ?? {})[0] as Value;
}

/** How many rows a table has. */
export function countRows(path: string, table: string): number {
  return readValue<number>(path, `select count(*) from ${table}`);
}

const TABLES = [
  "entities",
  "events",
  "artifacts",
  "jobs",
  "domain_events",
  "journal",
  "refused_commands",
  "command_ids",
  "store",
];

/** Every row of every table of core: equal before and after means that nothing was written. */
export function dumpTables(path: string): Readonly<Record<string, readonly unknown[]>> {
  return Object.fromEntries(
    TABLES.map((table) => [table, readRows(path, `select * from ${table} order by 1`)]),
  );
}
