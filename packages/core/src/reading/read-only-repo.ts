import { type Dialect, Kysely } from "kysely";
import type { ReadonlyKysely } from "kysely/readonly";
import { CoreError } from "../contract/errors.ts";
import type { QueriesOf, Read, StoreModule, TablesOf } from "../contract/module.ts";
import type { ErasedStatement } from "../contract/statement.ts";
import type { Connection, Prepared } from "../file/connection.ts";
import type { CoreModule } from "../model/core-module.ts";
import type { CoreQueries } from "../model/queries.ts";
import type { CoreTables } from "../model/tables.ts";

/**
 * Reads committed data on a connection that cannot write. It has core's queries, each installed module's queries under the
 * module's name, and `select` for everything else. A repo of more modules fits where one of fewer is asked for.
 */
export type ReadOnlyRepo<Module extends StoreModule = never> = CoreQueries & {
  /**
   * Kysely, narrowed to reading and typed with the tables of all installed modules. It blocks the event loop while it reads. A
   * stream or a transaction has a connection of its own, for `readTimeoutMs` at most; then it rejects with
   * `ATLAS_CORE_READ_TIMEOUT`.
   */
  readonly select: ReadonlyKysely<AllTables<Module>>;
} & {
  readonly [Name in Exclude<Module, CoreModule>["name"]]: QueriesOf<Extract<Module, { readonly name: Name }>>;
};

/** The tables of core and of the given modules, together. */
export type AllTables<Module> = CoreTables &
  ([Module] extends [never] ? unknown : Intersect<TablesOf<Module>>);

type Intersect<Union> = (Union extends unknown ? (value: Union) => void : never) extends (
  value: infer All,
) => void
  ? All
  : never;

/** The repo of these modules (core first): named queries on `connection`, which nothing else uses, and `select` on `dialect`. */
export function createReadOnlyRepo<Module extends StoreModule>(
  connection: Connection,
  modules: readonly StoreModule[],
  dialect: Dialect,
): ReadOnlyRepo<Module> {
  // Every table that the type names is in this one database.
  const select = new Kysely<CoreTables>({ dialect }) as unknown as ReadonlyKysely<CoreTables>;
  const read: Read<CoreTables> = { ...createRead(connection), select };
  const repo: Record<string, unknown> = { select };
  for (const { name, queries } of modules) {
    // Each module's queries were typed with its own tables, which are all in this one database.
    const own = queries?.(read as never) ?? {};
    if (name === "core") {
      Object.assign(repo, own);
    } else {
      repo[name] = own;
    }
  }
  // Assembled from the same modules that the type names.
  return repo as unknown as ReadOnlyRepo<Module>;
}

/** Runs compiled queries on a connection that cannot write. */
export function createRead(connection: Connection): Pick<Read<CoreTables>, "get" | "all"> {
  const { database } = connection;
  const prepared = (query: ErasedStatement): Prepared => {
    if (database.open) return connection.prepared(query);
    throw new CoreError(
      "ATLAS_CORE_STOPPED",
      {},
      "The store was stopped, so its repo cannot be read any more. Open the store again.",
    );
  };
  return {
    get: async (query, values) => prepared(query).get(values as Values) as never,
    all: async (query, values) => prepared(query).all(values as Values) as never,
  };
}

type Values = Readonly<Record<string, unknown>>;
