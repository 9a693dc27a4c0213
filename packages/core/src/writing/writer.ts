import { isCoreError } from "../contract/errors.ts";
import type { Connection } from "../file/connection.ts";
import { taken } from "../file/file-watch.ts";
import { FileLost, StorageTrouble, troubleKind } from "../file/storage-trouble.ts";
import type { RefusedNote, Unit } from "../intake/unit.ts";
import { createUnitApplier, type UnitOutcome } from "./apply-unit.ts";
import { createBatchLog, type LoggedBatch } from "./batch-log.ts";
import { createCommandIds } from "./command-ids.ts";
import type { Failpoint } from "./failpoint.ts";
import { createRefusedCommands, notesOfUnit } from "./refused-commands.ts";

/** What one transaction did. */
export interface BatchOutcome extends LoggedBatch {
  /** One outcome per unit, in their order. */
  readonly outcomes: readonly UnitOutcome[];
}

/** Writes batches. Only the flush loop has one. */
export interface Writer {
  /**
   * Writes a batch in one transaction. A refused unit does not affect the others. Throws only {@link StorageTrouble} and
   * {@link FileLost}; then nothing of the batch may be acknowledged.
   */
  applyBatch(units: readonly Unit[], refusedBefore: readonly RefusedNote[]): BatchOutcome;
  /** Commits a transaction that changes nothing, in order to find out whether the storage works. Throws as {@link Writer.applyBatch}. */
  probe(): void;
}

/** A writer on the store's one writing connection. */
export function createWriter(options: {
  readonly connection: Connection;
  readonly journal: boolean;
  /** Numbers every command, also one whose effect lies outside of what is replayed. Default: false. */
  readonly replaying?: boolean;
  readonly failpoint: Failpoint;
}): Writer {
  const { connection, journal, replaying = false, failpoint } = options;
  const { database } = connection;
  const begin = database.prepare("begin immediate");
  const commit = database.prepare("commit");
  const rollback = database.prepare("rollback");
  const log = createBatchLog(database, { journal });
  const applyUnit = createUnitApplier({ connection, log, replaying, failpoint });
  const commandIds = createCommandIds(database);
  const writeRefused = createRefusedCommands(database);
  // SQLite changes this number when another connection has committed.
  const dataVersion = database.prepare<[], number>("pragma data_version").pluck();
  const rewriteCounters = database.prepare("update store set next_command_seq = next_command_seq");
  let seenVersion = dataVersion.get();

  return {
    applyBatch(units, refusedBefore) {
      log.begin();
      return transaction(() => {
        const outcomes = units.map(applyOnce);
        const logged = log.finish();
        writeRefused([...refusedBefore, ...notesOf(units, outcomes)]);
        commandIds.forgetOld(units);
        failpoint("writer:before-commit");
        return { outcomes, ...logged };
      });
    },
    probe() {
      log.begin();
      transaction(() => rewriteCounters.run());
    },
  };

  function transaction<Result>(work: () => Result): Result {
    let committing = false;
    try {
      begin.run();
      failpoint("writer:begun");
      requireOneWriter();
      const result = work();
      committing = true;
      commit.run();
      return result;
    } catch (error) {
      log.abandon();
      undo();
      if (error instanceof FileLost) throw error;
      throw new StorageTrouble(error, { kind: troubleKind(error) ?? "failed", duringCommit: committing });
    }
  }

  /** Two writers would give the same numbers twice. Programs that change other rows are not noticed here; `verify` finds them. */
  function requireOneWriter(): void {
    const version = dataVersion.get();
    if (version === seenVersion) return;
    if (!log.isCurrent()) throw new FileLost(taken(database.name));
    seenVersion = version;
  }

  /** Applies a unit, unless its id is known: then it gets what it got the first time. */
  function applyOnce(unit: Unit): UnitOutcome {
    const known = commandIds.find(unit);
    if (known !== undefined) return known;
    const outcome = applyUnit(unit);
    if (!isCoreError(outcome)) commandIds.remember(unit, outcome);
    return outcome;
  }

  function undo(): void {
    if (!database.inTransaction) return;
    try {
      rollback.run();
    } catch {
      // The storage is failing. The connection will be closed, and that rolls back too.
    }
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
