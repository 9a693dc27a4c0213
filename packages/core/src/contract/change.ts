import type { JsonObject } from "./json.ts";
import type { Refusal } from "./refusal.ts";
import type { BoundStatement, ErasedStatement, Query, Statement } from "./statement.ts";

/** What to do when a step changed (or, for `require`, found) no row. */
export type IfNone = "continue" | "stop" | Refusal;

/** An event as a handler emits it; the Writer adds its number and time. */
export interface NewChangeEvent {
  readonly type: string;
  readonly aggregate_id?: string;
  readonly payload?: JsonObject;
  /** Default: when the command was enqueued. */
  readonly created_at?: string;
}

/**
 * What a handler says with: the steps that carry out its command, in order, and the events that tell of it. Nothing runs
 * while the handler speaks, so a handler is a pure function and needs no database to be tested. Guards come first: once a
 * step may have written, only `continue` is allowed, and so refusing a command never needs an undo.
 */
export interface Change<in out Tables> {
  /** Runs a write. When it changes no row: go on (default), stop because nothing is to do, or refuse the command. */
  run<Values>(
    statement: Statement<Tables, Values>,
    values: Values,
    options?: { readonly ifNone?: IfNone },
  ): void;
  /** Runs writes one after the other until one of them changes a row; the others are not run. */
  runFirst(
    alternatives: readonly [BoundStatement<Tables>, ...BoundStatement<Tables>[]],
    options?: { readonly ifNone?: IfNone },
  ): void;
  /** Refuses the command when the query finds no row. */
  require<Values>(query: Query<Tables, Values, unknown>, values: Values, otherwise: Refusal): void;
  /** Tells of the change, in the same transaction. Events of a command that stops or is refused are dropped. */
  emit(event: NewChangeEvent): void;
}

/** One step of a plan. */
export interface PlanStep {
  readonly alternatives: readonly {
    readonly statement: ErasedStatement;
    readonly values: Readonly<Record<string, unknown>>;
  }[];
  readonly ifNone: IfNone;
}

/** What one command will do: its steps and its events. */
export interface Plan {
  readonly steps: readonly PlanStep[];
  readonly events: readonly NewChangeEvent[];
  /** How many of the steps may write. */
  readonly writes: number;
}

/** Asks a handler for its plan. The same payload gives the same plan. */
export function planOf<Payload, Tables>(
  apply: (payload: Payload, change: Change<Tables>) => void,
  payload: Payload,
): Plan {
  const steps: PlanStep[] = [];
  const events: NewChangeEvent[] = [];
  let writes = 0;

  const add = (step: PlanStep): void => {
    if (step.ifNone !== "continue" && writes > 0) {
      throw new TypeError("A step that may stop or refuse must come before the command's first write.");
    }
    steps.push(step);
  };
  const answer: unknown = apply(payload, {
    run: (statement, values, options) => {
      add({ alternatives: [statement.with(values)], ifNone: options?.ifNone ?? "continue" });
      writes += 1;
    },
    runFirst: (alternatives, options) => {
      add({ alternatives, ifNone: options?.ifNone ?? "continue" });
      writes += 1;
    },
    require: (query, values, otherwise) => {
      // A query's values are an object by its type.
      add({
        alternatives: [{ statement: query, values: values as Readonly<Record<string, unknown>> }],
        ifNone: otherwise,
      });
    },
    emit: (event) => {
      if (!isEvent(event))
        throw new TypeError("An event has a type; its type, aggregate_id and created_at are texts.");
      events.push(event);
    },
  });
  if (answer instanceof Promise) {
    // What it still wants to say comes too late, and if it fails, nobody else listens.
    answer.catch(() => undefined);
    throw new TypeError("A handler must be synchronous: it says what is to be done and waits for nothing.");
  }
  return { steps, events, writes };
}

/** What types promise already; but one event that cannot be written would cost the whole batch. */
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
