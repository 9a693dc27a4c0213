import { systemClock } from "../contract/clock.ts";
import type { Cause } from "../contract/command.ts";
import type { AnyCommandDefinition } from "../contract/define-command.ts";
import { isCoreError } from "../contract/errors.ts";
import { silentLogger } from "../contract/logger.ts";
import type { StoreModule } from "../contract/module.ts";
import type { Connection } from "../file/connection.ts";
import { createCommandQueue } from "../intake/command-queue.ts";
import { createUnit, type UnitContent } from "../intake/unit.ts";
import type { JournalRow } from "../model/bookkeeping.ts";
import { readLogEnd } from "../writing/counters.ts";
import { createFlushLoop } from "../writing/flush-loop.ts";
import { createSqliteExecutor } from "../writing/sqlite-executor.ts";
import { createWriter } from "../writing/writer.ts";
import { START_EPOCH, startEpoch } from "./epoch.ts";
import { readJournal } from "./journal.ts";
import { createReplayPace } from "./replay-pace.ts";

const STORAGE_CODES = [
  "ATLAS_CORE_STORAGE_BUSY",
  "ATLAS_CORE_STORAGE_FAILED",
  "ATLAS_CORE_STORAGE_FULL",
] as const;

/** How far a replay came. */
export type Replayed =
  | { readonly status: "complete"; readonly commands: number }
  /** A number is missing from the journal. */
  | { readonly status: "gap"; readonly seq: number }
  /** A command did not do again what it did before. */
  | { readonly status: "diverged"; readonly seq: number; readonly message: string };

/**
 * Carries out the commands of a journal once more, in their order, on a database that stands where they began. They take
 * the way of every command, through a queue and a flush loop of their own to a writer of their own, and the event loop
 * goes on between batches. Rejects with the storage's own error where it gave no room, or failed.
 */
export async function replay(options: {
  /** Where the journal is read. */
  readonly journal: Connection;
  /** The migrated database that is written; nobody else uses it. */
  readonly into: Connection;
  readonly modules: readonly StoreModule[];
  /** The numbers of the commands: after the first and through the second. */
  readonly after: number;
  readonly through: number;
  /** Whether the journal is written once more too. */
  readonly keepJournal: boolean;
  readonly signal: AbortSignal;
}): Promise<Replayed> {
  const { after, through, signal } = options;
  const definitions = definitionsOf(options.modules);
  const queue = createCommandQueue({
    maxCommands: Number.POSITIVE_INFINITY,
    maxBytes: Number.POSITIVE_INFINITY,
  });
  const writer = createWriter({
    executor: createSqliteExecutor(options.into),
    logEnd: readLogEnd(options.into.database),
    journal: options.keepJournal,
    replaying: true,
    failpoint: () => undefined,
  });
  const pace = createReplayPace();
  const loop = createFlushLoop({
    queue,
    writer,
    reopen: () => writer,
    clock: systemClock,
    log: silentLogger,
    failpoint: () => undefined,
    storageDeadlineMs: 0,
  });
  let seq = after;
  let diverged: Replayed | undefined;
  let failed: unknown;

  /** How long the writer has worked in all, without the turns of others in between. */
  const workedMs = (): number => {
    const { count, mean } = loop.stats().commitMs;
    return count * mean;
  };

  const send = async (row: JournalRow): Promise<void> => {
    const stop = (message: string): void => {
      diverged ??= { status: "diverged", seq: row.seq, message };
    };
    const definition = definitions.get(row.type);
    if (definition === undefined) return stop(`No command is named "${row.type}" now.`);
    const { unit, received } = createUnit(
      contentOf(row, definition),
      ([receipt]) => receipt?.changed === true && receipt.seq === row.seq,
    );
    queue.push(unit);
    loop.wake();
    return received.then(
      (isRepeated) => (isRepeated ? undefined : stop(`"${row.type}" changed nothing.`)),
      (error: Error) => {
        // The disk gave no room, or failed: that says nothing of the journal.
        if (STORAGE_CODES.some((code) => isCoreError(error, code))) failed ??= error.cause ?? error;
        else stop(error.message);
      },
    );
  };

  try {
    for (const rows of readJournal(options.journal, { after, through })) {
      for (let left = rows; left.length > 0; ) {
        signal.throwIfAborted();
        const part = left.slice(0, pace.next(left));
        left = left.slice(part.length);
        const sent: Promise<void>[] = [];
        for (const row of part) {
          if (row.seq !== seq + 1) break;
          seq = row.seq;
          sent.push(send(row));
        }
        const workedBefore = workedMs();
        await Promise.all(sent);
        if (failed !== undefined) throw failed;
        if (diverged !== undefined) return diverged;
        if (part.at(-1)?.seq !== seq) return { status: "gap", seq: seq + 1 };
        pace.measured(part, workedMs() - workedBefore);
      }
    }
    return seq === through
      ? { status: "complete", commands: through - after }
      : { status: "gap", seq: seq + 1 };
  } finally {
    await loop.stop();
  }
}

function definitionsOf(modules: readonly StoreModule[]): ReadonlyMap<string, AnyCommandDefinition> {
  return new Map([
    ...modules.flatMap(({ commands }) => Object.entries(commands)),
    [START_EPOCH, startEpoch as AnyCommandDefinition],
  ]);
}

/** A unit as the intake made it, without what only the sender needed. */
function contentOf(row: JournalRow, definition: AnyCommandDefinition): UnitContent {
  return {
    commands: [{ type: row.type, definition, payload: JSON.parse(row.payload) as object }],
    commandId: row.command_id ?? undefined,
    actor: row.actor,
    cause: row.cause,
    depth: row.cause === null ? 0 : (JSON.parse(row.cause) as Cause).depth,
    context: row.context,
    enqueuedAt: row.enqueued_at,
    waitingSince: 0,
    sizeBytes: 2 * row.payload.length,
  };
}
