import type { Compilable, Kysely } from "kysely";
import type { ReadonlyKysely } from "kysely/readonly";
import type { z } from "zod";
import type { AnyCommandDefinition } from "./define-command.ts";
import type { AnyEvents, EventsMarker } from "./event-types.ts";
import type { PrunePayload } from "./prune.ts";
import type { ErasedStatement, Query } from "./statement.ts";

/**
 * One migration: its statements in order, written with Kysely's schema builder. The function only builds them. They run in
 * one transaction, together with the row that records the migration.
 */
export type Migration = (db: Kysely<unknown>) => readonly Compilable[];

/** Reads the database for a module's queries. Every call sees what is committed; the connection cannot write. */
export interface Read<in out Tables> {
  readonly get: <Values, Row>(query: Query<Tables, Values, Row>, values: Values) => Promise<Row | undefined>;
  readonly all: <Values, Row>(query: Query<Tables, Values, Row>, values: Values) => Promise<readonly Row[]>;
  /** Kysely, narrowed to reading, for queries that run seldom. */
  readonly select: ReadonlyKysely<Tables>;
}

/** A type for {@link defineModule} to infer a module's tables from. It holds nothing. */
export interface TablesMarker<in out Tables> {
  readonly tables?: (tables: Tables) => Tables;
}

/** Names a module's tables: `tables: tables<FinopsTables>()`. The interface must be exported. */
export function tables<Tables>(): TablesMarker<Tables> {
  return {};
}

/**
 * The tables, migrations, commands and queries of one subject, to open a store with. Raise `version` whenever a changed
 * handler gives other rows for the same command.
 */
export interface StoreModule {
  readonly name: string;
  readonly version: number;
  readonly tables?: object;
  readonly events?: object;
  readonly migrations: Readonly<Record<string, Migration>>;
  readonly commands: Readonly<Record<string, AnyCommandDefinition>>;
  readonly queries?: (read: never) => object;
  /** What `store.prune` may remove of the module's own tables, by the fields of its policy. */
  readonly prune?: Readonly<Record<string, readonly ErasedStatement[]>>;
}

type CommandsOf<Module> = Module extends { readonly commands: infer Commands } ? Commands : never;

/** The union of the commands that a module's users may send. */
export type CommandOf<Module> = Module extends unknown
  ? {
      [Type in keyof CommandsOf<Module> & string]: CommandsOf<Module>[Type] extends {
        readonly schema: infer Schema extends z.ZodType;
      }
        ? Simplify<{ readonly type: Type } & Fields<z.input<Schema>>>
        : never;
    }[keyof CommandsOf<Module> & string]
  : never;

/** A module's tables. */
export type TablesOf<Module> = Module extends { readonly tables?: TablesMarker<infer Tables> | undefined }
  ? Tables
  : never;

/** A module's part of the policy of `store.prune`; `never` if it prunes nothing. */
export type PrunePolicyOf<Module> = Module extends { readonly prune?: infer Prune }
  ? string extends keyof NonNullable<Prune>
    ? never
    : [keyof NonNullable<Prune>] extends [never]
      ? never
      : PrunePayload<keyof NonNullable<Prune>>["policy"]
  : never;

/** A module's queries, available under `repo.<module>`. */
export type QueriesOf<Module> = Module extends { readonly queries?: (read: never) => infer Queries }
  ? Queries
  : Record<never, never>;

// z.object({}) takes an object in which every key is `never`; that would forbid the type too.
type Fields<Input> = Input extends Readonly<Record<string, never>> ? unknown : Input;

type Simplify<T> = { [Key in keyof T]: T[Key] } & {};

/** A module with everything that can be inferred from its definition. */
export interface Module<
  Name extends string,
  in out Tables,
  Commands extends Readonly<Record<string, AnyCommandDefinition>>,
  Queries extends object,
  Prune extends Readonly<Record<string, readonly ErasedStatement[]>> = Record<never, never>,
  in out Events = AnyEvents,
> extends StoreModule {
  readonly name: Name;
  readonly tables?: TablesMarker<Tables>;
  readonly events?: EventsMarker<Events>;
  readonly commands: Commands;
  readonly queries?: (read: Read<Tables>) => Queries;
  readonly prune?: Prune;
}
