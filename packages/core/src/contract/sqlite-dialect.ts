import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } from "kysely";
import type { SqlDialect } from "./dialect.ts";

/** The SQL of SQLite. */
export const sqliteDialect: SqlDialect = {
  name: "sqlite",
  kysely: {
    createAdapter: () => new SqliteAdapter(),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
  spelling: {
    differs: (left, right) => sql`${left} is not ${right}`,
    isSame: (left, right) => sql`${left} is ${right}`,
    textsOf: (array, name) => sql<{ value: string }>`json_each(${array})`.as(name),
    numbersOf: (object, name) => sql<{ key: string; value: number }>`json_each(${object})`.as(name),
  },
};
