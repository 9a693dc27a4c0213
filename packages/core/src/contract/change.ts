import type { JsonObject } from "./json.ts";
import type { Refusal } from "./refusal.ts";
import {
  type BoundStatement,
  checkRepeatable,
  type ErasedStatement,
  type Query,
  type Statement,
} from "./statement.ts";

/** What to do if a step changed no row (for `require`: found no row). */
export type IfNone = "continue" | "stop" | Refusal;

/** What one write has to change. */
export type RowDemand =
  | { readonly ifNone?: IfNone }
  /** Refuses the command, and undoes the write, if it changes fewer than so many rows. */
  | { readonly rows: number; readonly ifFewer: Refusal };

/** An event as a handler emits it. The writer adds its number and, unless given, its time. */
export interface NewChangeEvent {
  readonly type: string;
  readonly aggregate_id?: string;
  readonly payload?: JsonObject;
  /** Default: the time at which the command was enqueued. */
  readonly created_at?: string;
}

/**
 * Collects what a handler wants done: the steps of its command, in order, and the events that report it. Nothing runs
 * while the handler is called, so a handler is a pure function and can be tested without a database. Guards come first:
 * after a step that may write, only `continue` is allowed. So a refused command never has to be undone, except for one write
 * that changed too few rows. `Emitted` is what it may emit.
 */
export interface Change<in out Tables, in Emitted = NewChangeEvent> {
  /**
   * Adds a write. If it changes no row, the handler continues (default), stops without a change, or refuses the command. With `rows`, a
   * write that changes fewer rows is undone and refuses the command.
   */
  run<Values>(statement: Statement<Tables, Values>, values: Values, options?: RowDemand): void;
  /** Adds writes that run one after the other until one of them changes a row. */
  runFirst(
    alternatives: readonly [BoundStatement<Tables>, ...BoundStatement<Tables>[]],
    options?: { readonly ifNone?: IfNone },
  ): void;
  /** Refuses the command if the query finds no row. A query that reads the clock, or is random, fails the command. */
  require<Values>(query: Query<Tables, Values, unknown>, values: Values, otherwise: Refusal): void;
  /** Adds an event, written in the same transaction. A command that stops or is refused emits none of its events. */
  // A property and not a method, so that the compiler compares what two handlers may emit.
  readonly emit: (event: Emitted) => void;
}

/** One step of a plan. */
export interface PlanStep {
  readonly alternatives: readonly {
    readonly statement: ErasedStatement;
    readonly values: Readonly<Record<string, unknown>>;
  }[];
  readonly ifNone: IfNone;
  /** How many rows it has to change; fewer count as none. Default: 1. */
  readonly rows?: number;
}

/** What one command will do: its steps and its events. */
export interface Plan {
  readonly steps: readonly PlanStep[];
  readonly events: readonly NewChangeEvent[];
  /** How many of the steps may write. */
  readonly writes: number;
}

/** Calls a handler and returns its plan. The same payload always gives the same plan. */
export function planOf<Payload, Tables>(
  apply: (payload: Payload, change: Change<Tables>) => void,
  payload: Payload,
): Plan {
  const steps: PlanStep[] = [];
  const events: NewChangeEvent[] = [];
  let writes = 0;

  const add = (step: PlanStep): void => {
    if (step.ifNone !== "continue" && writes > 0) {
      throw new TypeError(
        "A step that may stop or refuse was added after a write. Move it before the command's first write.",
      );
    }
    steps.push(step);
  };
  const answer: unknown = apply(payload, {
    run: (statement, values, options = {}) => {
      const alternatives = [statement.with(values)];
      if ("rows" in options) add({ alternatives, ifNone: options.ifFewer, rows: options.rows });
      else add({ alternatives, ifNone: options.ifNone ?? "continue" });
      writes += 1;
    },
    runFirst: (alternatives, options) => {
      add({ alternatives, ifNone: options?.ifNone ?? "continue" });
      writes += 1;
    },
    require: (query, values, otherwise) => {
      checkRepeatable(query.compiled());
      // A query's values are an object by its type.
      add({
        alternatives: [{ statement: query, values: values as Readonly<Record<string, unknown>> }],
        ifNone: otherwise,
      });
    },
    emit: (event) => {
      if (!isEvent(event))
        throw new TypeError(
          "An emitted event needs a type. Its type, aggregate_id and created_at must be strings.",
        );
      events.push(event);
    },
  });
  if (answer instanceof Promise) {
    // Steps that it adds later are lost, and nobody else handles its rejection.
    answer.catch(() => undefined);
    throw new TypeError(
      "A handler must be synchronous, but this one returned a promise. Move asynchronous work before the command.",
    );
  }
  return { steps, events, writes };
}

/** Types require this already, but one event that cannot be written would fail the whole batch. */
function isEvent({
  type,
  aggregate_id,
  created_at,
}: Partial<Record<keyof NewChangeEvent, unknown>>): boolean {
  return (
    isText(type) &&
    (aggregate_id === undefined || isText(aggregate_id)) &&
    (created_at === undefined || isText(created_at))
  );
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}
