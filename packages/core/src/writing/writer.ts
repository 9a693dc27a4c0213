import { isCoreError } from "../contract/errors.ts";
import { statement } from "../contract/statement.ts";
import { FileLost, StorageTrouble } from "../file/storage-trouble.ts";
import type { RefusedNote, Unit } from "../intake/unit.ts";
import type { BookkeepingTables } from "../model/bookkeeping.ts";
import { createUnitApplier, type UnitOutcome } from "./apply-unit.ts";
import { createBatchLog, type LoggedBatch } from "./batch-log.ts";
import { createCommandIds, type IdentifiedUnit, isIdentified } from "./command-ids.ts";
import type { LogEnd } from "./counters.ts";
import type { Executor } from "./executor.ts";
import type { Failpoint } from "./failpoint.ts";
import { notesOfUnit, writeRefused } from "./refused-commands.ts";
import { type Awaitable, answered, isPending, perform, type Work } from "./work.ts";

/** What one transaction did. */
export interface BatchOutcome extends LoggedBatch {
  /** One outcome per unit, in their order. */
  readonly outcomes: readonly UnitOutcome[];
}

/** Writes batches, one at a time. Only the flush loop has one. */
export interface Writer {
  /**
   * Writes a batch in one transaction. A refused unit does not affect the others. Fails only with {@link StorageTrouble} and
   * {@link FileLost}; then nothing of the batch may be acknowledged. Answers at once if its executor does.
   */
  applyBatch(units: readonly Unit[], refusedBefore: readonly RefusedNote[]): Awaitable<BatchOutcome>;
  /** Commits a transaction that changes nothing, in order to find out whether the storage works. Fails as {@link Writer.applyBatch}. */
  probe(): Awaitable<void>;
}

const updateCounters = statement<BookkeepingTables, { command: number; event: number }>((db, p) =>
  db.updateTable("store").set({ next_command_seq: p.command, next_event_seq: p.event }),
);
const rewriteCounters = statement<BookkeepingTables, Record<never, never>>((db) =>
  db.updateTable("store").set((row) => ({ next_command_seq: row.ref("next_command_seq") })),
);

/** A writer on the store's one executor. */
export function createWriter(options: {
  readonly executor: Executor;
  /** How far the database had got when the executor was made. */
  readonly logEnd: LogEnd;
  readonly journal: boolean;
  /** Numbers every command, also one whose effect lies outside of what is replayed. Default: false. */
  readonly replaying?: boolean;
  readonly failpoint: Failpoint;
}): Writer {
  const { executor, logEnd, journal, replaying = false, failpoint } = options;
  const log = createBatchLog({ ...logEnd, journal });
  const applyUnit = createUnitApplier({ executor, log, expose, replaying, failpoint });
  const commandIds = createCommandIds(executor);
  let isWriting = false;

  return {
    applyBatch: (units, refusedBefore) => perform(transaction(() => batch(units, refusedBefore))),
    probe: () => perform(transaction(touch)),
  };

  function* transaction<Result>(work: () => Work<Result>): Work<Result> {
    if (isWriting) throw new TypeError("The writer was given a batch while another one was on its way.");
    isWriting = true;
    let isCommitting = false;
    log.begin();
    try {
      yield* answered(executor.begin(log.counters()));
      failpoint("writer:begun");
      const result = yield* work();
      isCommitting = true;
      yield* answered(executor.commit());
      return result;
    } catch (error) {
      const kind = executor.troubleOf(error) ?? "failed";
      log.abandon();
      const isOver = yield* rolledBack();
      if (error instanceof FileLost) throw error;
      // A transaction that cannot be rolled back ends only with its connection, so trying again on this one is pointless.
      throw new StorageTrouble(error, { kind: isOver ? kind : "failed", duringCommit: isCommitting });
    } finally {
      isWriting = false;
    }
  }

  function* rolledBack(): Work<boolean> {
    try {
      yield* answered(executor.rollback());
      return true;
    } catch {
      return false;
    }
  }

  function* batch(units: readonly Unit[], refusedBefore: readonly RefusedNote[]): Work<BatchOutcome> {
    const outcomes: UnitOutcome[] = [];
    for (const unit of units) outcomes.push(yield* isIdentified(unit) ? applyOnce(unit) : applyUnit(unit));
    yield* writeLog();
    const notes = [...refusedBefore, ...notesOf(units, outcomes)];
    if (notes.length > 0) yield* writeRefused(executor, notes);
    const lastIdentified = units.findLast(isIdentified);
    if (lastIdentified !== undefined) yield* commandIds.forgetOld(lastIdentified);
    failpoint("writer:before-commit");
    return { outcomes, ...log.finish() };
  }

  /** Applies a unit, unless its id is known: then it gets what it got the first time. */
  function* applyOnce(unit: IdentifiedUnit): Work<UnitOutcome> {
    const known = yield* commandIds.find(unit);
    if (known !== undefined) return known;
    const outcome = yield* applyUnit(unit);
    if (!isCoreError(outcome)) yield* commandIds.remember(unit, outcome);
    return outcome;
  }

  /** Writes what the log has kept back, for a statement that reads or changes it. */
  function* expose(): Work<void> {
    yield* writeRows();
    log.exposed();
  }

  function* writeLog(): Work<void> {
    yield* writeRows();
    const counters = log.countersToStore();
    if (counters === undefined) return;
    const { nextCommand, nextEvent } = counters;
    yield* answered(executor.prepared(updateCounters).run({ command: nextCommand, event: nextEvent }));
  }

  function* writeRows(): Work<void> {
    for (const rows of log.unwritten()) {
      const inserted = executor.insert(rows);
      if (isPending(inserted)) yield inserted;
    }
    log.written();
  }

  function* touch(): Work<void> {
    yield* answered(executor.prepared(rewriteCounters).run({}));
  }
}

function notesOf(units: readonly Unit[], outcomes: readonly UnitOutcome[]): readonly RefusedNote[] {
  const notes: RefusedNote[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    // There is one outcome per unit.
    if (isCoreError(outcome)) notes.push(...notesOfUnit(units[index] as Unit, outcome));
  }
  return notes;
}
