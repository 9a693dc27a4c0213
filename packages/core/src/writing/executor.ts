import type { MarkedValues } from "../contract/marker.ts";
import type { ErasedStatement } from "../contract/statement.ts";
import type { TroubleKind } from "../file/storage-trouble.ts";
import type { Counters } from "./counters.ts";
import type { EncodedRows } from "./encode-rows.ts";
import type { Awaitable } from "./work.ts";

type Values = Readonly<Record<string, unknown>>;

/** A statement that is ready to run on one engine. */
interface ExecutorStatement {
  /** True when it reads or writes domain events or the journal, which the writer keeps back until the end of a batch. */
  readonly touchesLog: boolean;
  /** Runs a write. Returns how many rows it changed. */
  readonly run: (values: Values, marked?: MarkedValues) => Awaitable<number>;
  /** Runs a read. Returns its first row, or undefined. */
  readonly get: (values: Values, marked?: MarkedValues) => Awaitable<unknown>;
}

/**
 * Runs the statements of one writer's batches on a database engine: what another engine has to bring. Every method may answer at
 * once or later. The writer calls one at a time, the next only after the answer.
 */
export interface Executor {
  /**
   * Begins a transaction that keeps other writers out until it ends. Throws a `FileLost` if somebody else has written commands: `counters`
   * is how far this writer has counted.
   */
  readonly begin: (counters: Counters) => Awaitable<void>;
  /** Commits durably. A failure leaves open whether it did, unless {@link Executor.troubleOf} says `busy` or `full`. */
  readonly commit: () => Awaitable<void>;
  /** Ends the transaction without a trace if it is still open. After a failure the executor is not used again. */
  readonly rollback: () => Awaitable<void>;
  /**
   * Called before each unit. Returns true if the engine set a savepoint, so that `undoUnit` removes every row that was written since.
   * It needs none for a unit that cannot fail after a part of its rows is written, if a statement that failed has no effect and the
   * transaction goes on.
   */
  readonly beginUnit: (mayFailInPart: boolean) => Awaitable<boolean>;
  /** Called after a unit that has a savepoint. */
  readonly endUnit: () => Awaitable<void>;
  /** Returns to the savepoint and removes it. */
  readonly undoUnit: () => Awaitable<void>;
  readonly prepared: (statement: ErasedStatement) => ExecutorStatement;
  /** Inserts rows that violate no constraint. */
  readonly insert: (rows: EncodedRows) => Awaitable<void>;
  /** What an error of this engine means for the batch: undefined if the transaction goes on and only the statement was wrong. */
  readonly troubleOf: (error: unknown) => TroubleKind | undefined;
}
