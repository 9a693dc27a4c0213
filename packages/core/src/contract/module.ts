import type { Compilable, Kysely } from "kysely";
import type { ReadonlyKysely } from "kysely/readonly";
import type { z } from "zod";
import type { Change, NewChangeEvent } from "./change.ts";
import type { AnyEvents, EventsMarker, NewEventOf } from "./event-types.ts";
import type { NewId } from "./id.ts";
import { checkOptions } from "./known-options.ts";
import {
  applyRemovals,
  checkRemovals,
  type PrunePayload,
  prunePayload,
  type Removal,
  type Removals,
  withPruneLimit,
} from "./prune.ts";
import type { ErasedStatement, Query } from "./statement.ts";

/** What `prepare` may use to complete a command. Everything else must come from the command itself. */
export interface Preparation {
  /** The time of the call, from the store's clock. */
  readonly now: string;
  readonly newId: NewId;
}

/**
 * One kind of command: what callers may send, how it is completed before it is queued, and what it does.
 * `prepare` fills in ids and times and returns a payload that the schema accepts again. `apply` must be pure: it reads no
 * clock, environment, random number or row, so that a replay of the journal gives the same rows.
 */
export interface CommandDefinition<
  in out Tables,
  Schema extends z.ZodType,
  Prepared = z.output<Schema>,
  Emitted = NewChangeEvent,
> {
  readonly schema: Schema;
  readonly prepare?: (payload: z.output<Schema>, preparation: Preparation) => Prepared;
  readonly apply: (payload: NoInfer<Prepared>, change: Change<Tables, Emitted>) => void;
}

/**
 * Types a command definition: the tables are given, the payload is inferred from the schema and `prepare`. With `Events`, the handler
 * may emit those and no others: `defineCommand<FinopsTables, FinopsEvents>()`.
 *
 * @example
 * ```ts
 * const command = defineCommand<FinopsTables>();
 * const record = command({
 *   schema: z.object({ cost: costInput }),
 *   prepare: ({ cost }, { now, newId }) => ({ cost: { ...cost, id: cost.id ?? newId(), at: cost.at ?? now } }),
 *   apply: ({ cost }, change) => change.run(insertCost, cost),
 * });
 * assert.equal(record.schema.safeParse({ cost: { job_id: "j1", microusd: -1 } }).success, false);
 * ```
 */
export function defineCommand<Tables, Events = AnyEvents>() {
  return <Schema extends z.ZodType, Prepared = z.output<Schema>>(
    definition: CommandDefinition<Tables, Schema, Prepared, NewEventOf<Events>>,
  ): CommandDefinition<Tables, Schema, Prepared, NewEventOf<Events>> => {
    checkOptions("defineCommand", definition, ["schema", "prepare", "apply"]);
    return definition;
  };
}

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

/** A command definition for any tables and payload. */
export interface AnyCommandDefinition {
  readonly schema: z.ZodType;
  readonly prepare?: (payload: never, preparation: Preparation) => unknown;
  readonly apply: (payload: never, change: never) => void;
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

// Core's names carry no prefix; every other module stays within its own.
type OwnCommand<Name extends string> = Name extends "core" ? string : `${Name}.${string}`;
type OwnEvent<Name extends string> = OwnCommand<Name>;
type OwnTable<Name extends string> = Name extends "core" ? string : `${Name}_${string}`;

type CheckCommands<Name extends string, Tables, Events, Commands> = {
  readonly [Type in keyof Commands]: Type extends OwnCommand<Name>
    ? Commands[Type] extends {
        readonly apply: (payload: never, change: Change<Tables, NewEventOf<Events>>) => void;
      }
      ? Commands[Type]
      : Commands[Type] extends { readonly apply: (payload: never, change: Change<Tables>) => void }
        ? `A command of module "${Name}" must emit no other events than the module declares: defineCommand<Tables, Events>()`
        : `A command of module "${Name}" must be defined over the tables of "${Name}"`
    : `A command of module "${Name}" must be named "${Name}.…"`;
};
type CheckTables<Name extends string, Tables> =
  Exclude<keyof Tables, OwnTable<Name>> extends never
    ? TablesMarker<Tables>
    : `A table of module "${Name}" must be named "${Name}_…"`;

type CheckEvents<Name extends string, Events> = string extends keyof Events
  ? EventsMarker<Events>
  : Exclude<keyof Events, OwnEvent<Name>> extends never
    ? EventsMarker<Events>
    : `An event of module "${Name}" must be named "${Name}.…"`;

/** The command `<name>.prune`, which a module with removals gets. */
type PruneCommand<Name extends string, Tables, Prune> = [keyof Prune] extends [never]
  ? unknown
  : {
      readonly [Type in `${Name}.prune`]: CommandDefinition<
        Tables,
        z.ZodType<PrunePayload<keyof Prune>, PrunePayload<keyof Prune>>
      >;
    };

type CheckPrune<Name extends string, Tables, Prune> = {
  readonly [Field in keyof Prune]: Field extends `${string}_before`
    ? Prune[Field] extends readonly Removal<Tables>[]
      ? Prune[Field]
      : `What module "${Name}" prunes must be a list of statements over the tables of "${Name}"`
    : `A field of what module "${Name}" prunes must be named "…_before"`;
};

/**
 * Types and returns a module. The compiler refuses a command or a table outside the module's prefix, a handler that runs
 * another module's statement, and a query that writes. What types cannot see throws a `TypeError`. With `prune`, the module
 * gets the command `<name>.prune`, and `store.prune` takes the module's policy under its name.
 */
export function defineModule<
  const Name extends string,
  Tables,
  const Commands extends Readonly<Record<string, AnyCommandDefinition>>,
  Queries extends object = Record<never, never>,
  const Prune extends Readonly<Record<string, readonly ErasedStatement[]>> = Record<never, never>,
  Events = AnyEvents,
>(module: {
  readonly name: Name;
  readonly version: number;
  readonly tables?: TablesMarker<Tables> & CheckTables<Name, NoInfer<Tables>>;
  /**
   * The domain events that its commands emit: `events<FinopsEvents>()`. Sinks that use the module get them typed. Default: any, each with
   * any JSON object as its payload.
   */
  readonly events?: EventsMarker<Events> & CheckEvents<Name, NoInfer<Events>>;
  readonly migrations: Readonly<Record<string, Migration>>;
  readonly commands: Commands & CheckCommands<Name, NoInfer<Tables>, NoInfer<Events>, NoInfer<Commands>>;
  readonly queries?: (read: Read<Tables>) => Queries;
  /**
   * What may be pruned: under each field, such as `costs_before`, the statements that delete rows from before `p.before`, at
   * most `p.limit` of them, in their order. Default: nothing.
   */
  readonly prune?: Prune & CheckPrune<Name, NoInfer<Tables>, NoInfer<Prune>>;
}): Module<Name, Tables, Commands & PruneCommand<Name, Tables, Prune>, Queries, Prune, Events> {
  checkOptions("defineModule", module, MODULE_FIELDS);
  checkModule(module);
  const complete = module.prune === undefined ? module : withPruneCommand(module, module.prune);
  // What was checked key by key is the same object with its checks taken off.
  return complete as unknown as Module<
    Name,
    Tables,
    Commands & PruneCommand<Name, Tables, Prune>,
    Queries,
    Prune,
    Events
  >;
}

const MODULE_FIELDS = ["name", "version", "tables", "events", "migrations", "commands", "queries", "prune"];

function withPruneCommand(
  module: { readonly name: string; readonly commands: object },
  prune: Readonly<Record<string, readonly ErasedStatement[]>>,
): object {
  const { name, commands } = module;
  const type = `${name}.prune`;
  if (type in commands) {
    throw new TypeError(
      `Module "${name}": the command "${type}" is made from prune. Rename the module's own.`,
    );
  }
  // The compiler has checked that they are removals over the module's tables.
  const removals = prune as unknown as Removals<never>;
  checkRemovals(name, removals);
  const command = {
    schema: prunePayload(Object.keys(prune)),
    prepare: withPruneLimit,
    apply: applyRemovals(removals),
  };
  return { ...module, commands: { ...commands, [type]: command } };
}

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

const MODULE_NAME = /^[a-z][a-z0-9]*$/;
// Beside core's tables, the store's own and SQLite's, and `repo.select`.
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  "store",
  "select",
  "domain",
  "refused",
  "command",
  "schema",
  "sqlite",
]);
const MIGRATION_NAME = /^\d{3}_[a-z0-9_]+$/;

function checkModule(module: {
  readonly name: string;
  readonly version: number;
  readonly migrations: object;
  readonly commands: object;
}): void {
  const { name, version } = module;
  if (!MODULE_NAME.test(name)) {
    throw new TypeError(
      `The module name "${name}" is not valid. Use lower-case letters and digits, starting with a letter.`,
    );
  }
  if (RESERVED_NAMES.has(name))
    throw new TypeError(`The module name "${name}" is reserved for Atlas. Choose another name.`);
  if (!Number.isInteger(version) || version < 1) {
    throw new TypeError(`Module "${name}": version must be a positive integer; got ${version}.`);
  }
  for (const type of Object.keys(module.commands)) {
    if (name !== "core" && !type.startsWith(`${name}.`)) {
      throw new TypeError(`Module "${name}": the name of command "${type}" must start with "${name}.".`);
    }
  }
  for (const migration of Object.keys(module.migrations)) {
    if (!MIGRATION_NAME.test(migration)) {
      throw new TypeError(`Module "${name}": migration "${migration}" must have a name like "001_initial".`);
    }
  }
}
