import type { z } from "zod";
import type { Change } from "./change.ts";
import type { AnyCommandDefinition, CommandDefinition } from "./define-command.ts";
import type { AnyEvents, EventsMarker, NewEventOf } from "./event-types.ts";
import { checkOptions } from "./known-options.ts";
import type { Migration, Module, Read, TablesMarker } from "./module.ts";
import {
  applyRemovals,
  checkRemovals,
  type PrunePayload,
  prunePayload,
  type Removal,
  type Removals,
  withPruneLimit,
} from "./prune.ts";
import type { ErasedStatement } from "./statement.ts";

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
