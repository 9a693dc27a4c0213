import type { z } from "zod";
import type { Change, NewChangeEvent } from "./change.ts";
import type { AnyEvents, NewEventOf } from "./event-types.ts";
import type { NewId } from "./id.ts";
import { checkOptions } from "./known-options.ts";

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

/** A command definition for any tables and payload. */
export interface AnyCommandDefinition {
  readonly schema: z.ZodType;
  readonly prepare?: (payload: never, preparation: Preparation) => unknown;
  readonly apply: (payload: never, change: never) => void;
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
