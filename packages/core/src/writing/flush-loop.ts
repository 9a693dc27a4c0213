import type { Clock } from "../contract/clock.ts";
import { type CoreError, isCoreError } from "../contract/errors.ts";
import type { Health } from "../contract/health.ts";
import type { Logger } from "../contract/logger.ts";
import { isoTime } from "../contract/time.ts";
import type { Checkpoints } from "../file/checkpoints.ts";
import type { FileLoss, FileWatch } from "../file/file-watch.ts";
import { FileLost, failureReason, StorageTrouble } from "../file/storage-trouble.ts";
import type { CommandQueue } from "../intake/command-queue.ts";
import { acknowledge, type RefusedNote, reject as rejectUnit, type Unit } from "../intake/unit.ts";
import { createBatchSize } from "./batch-size.ts";
import { type CommittedBatch, createCommitListeners } from "./commit-listeners.ts";
import type { Failpoint } from "./failpoint.ts";
import { createFlushRecorder, type FlushStats } from "./flush-recorder.ts";
import { createHeldUnits } from "./held-units.ts";
import { createLoop } from "./loop.ts";
import { notWrittenInTime, storageFailed } from "./storage-errors.ts";
import { createStoragePatience } from "./storage-patience.ts";
import { type Awaitable, answered, perform, type Work } from "./work.ts";
import type { BatchOutcome, Writer } from "./writer.ts";

/** Carries units from the queue to the writer, one batch per round, and settles their promises. */
export interface FlushLoop {
  /** Announces that units are waiting. Calls of one turn share a commit. */
  wake(): void;
  /** Does one round now. */
  flush(): Promise<void>;
  /** Keeps a note of a command that never reached the queue. It is written with the next batch; only so many are kept. */
  note(refusal: () => RefusedNote): void;
  onCommitted(listener: (batch: CommittedBatch) => void): () => void;
  health(): Health;
  stats(): FlushStats;
  /**
   * Commits what is waiting and stops. Rejects what cannot be committed in time: while the storage is in trouble or does not answer, within
   * `withinMs` at most. Returns the same promise each time.
   */
  stop(withinMs?: number): Promise<void>;
}

// About 1 MiB of JSON: a unit's size is its weight in memory, which is more than its text.
const MAX_BATCH_BYTES = 2 * 1024 * 1024;
const KEPT_NOTES = 1_000;
// While nothing waits to be written, this is how soon `health()` notices that the storage works again.
const PROBE_MS = 1_000;

/**
 * The loop between `queue` and the writer. `reopen` is called once after a failure of the storage; it may fail. What it answers with
 * replaces the writer, whose executor must not be able to commit any more.
 */
export function createFlushLoop(options: {
  readonly queue: CommandQueue;
  readonly writer: Writer;
  readonly reopen: () => Awaitable<Writer>;
  /** Absent for a file that nobody else can know. */
  readonly files?: FileWatch;
  /** Absent where nobody brings in a log: a replay's file has none. */
  readonly checkpoints?: Pick<Checkpoints, "committed">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly failpoint: Failpoint;
  readonly storageDeadlineMs: number;
}): FlushLoop {
  const { queue, reopen, files, checkpoints, clock, log, failpoint, storageDeadlineMs } = options;
  let { writer } = options;
  let health: Health = { status: "ok" };
  let committedSinceReopen = true;
  let notes: RefusedNote[] = [];
  let isUnderWay = false;
  let stopped: Promise<void> | undefined;
  const held = createHeldUnits({ clock, deadlineMs: storageDeadlineMs });
  const batchSize = createBatchSize();
  const listeners = createCommitListeners(log);
  const recorder = createFlushRecorder();
  const patience = createStoragePatience({ clock, deadlineMs: storageDeadlineMs });
  const loop = createLoop({
    tick: () => perform(round()),
    clock,
    onError: (error) => log.error({ error }, "A round of the flush loop failed."),
  });

  return {
    wake: loop.wake,
    flush: loop.runOnce,
    note(refusal) {
      recorder.refused(1);
      if (notes.length < KEPT_NOTES) notes.push(refusal());
      loop.wake();
    },
    onCommitted: listeners.add,
    health() {
      // What a batch that is on its way finds out comes first.
      const loss = canWrite() && !isUnderWay ? files?.look() : undefined;
      if (loss !== undefined) lose([], loss);
      return health;
    },
    stats: recorder.stats,
    stop(withinMs = Number.POSITIVE_INFINITY) {
      stopped ??= drain(withinMs);
      return stopped;
    },
  };

  function* round(): Work<number | undefined> {
    isUnderWay = true;
    try {
      return yield* writeBatch();
    } finally {
      isUnderWay = false;
    }
  }

  /** One round: at most one transaction. Returns in how many milliseconds it wants the next round. */
  function* writeBatch(): Work<number | undefined> {
    if (health.status === "failed") return rejectWaiting(held.take());
    const pauseMs = held.pauseMs();
    if (pauseMs > 0) return pauseMs;
    const batch = held.isEmpty
      ? queue.drain({ maxCommands: batchSize.maxCommands(), maxBytes: MAX_BATCH_BYTES })
      : held.take();
    if (batch.length === 0 && notes.length === 0)
      return health.status === "degraded" ? yield* probe() : undefined;
    failpoint("flush:drained");
    const loss = files?.lookNowAndThen();
    if (loss !== undefined) return lose(batch, loss);

    const noted = notes;
    notes = [];
    const startedAt = clock.monotonic();
    let outcome: BatchOutcome;
    try {
      outcome = yield* answered(patience.wait(writer.applyBatch(batch, noted)));
    } catch (error) {
      notes = [...noted, ...notes].slice(0, KEPT_NOTES);
      if (error instanceof FileLost) return lose(batch, error.loss);
      if (!(error instanceof StorageTrouble)) throw error;
      return error.kind === "failed" ? yield* recover(batch, error) : hold(batch, error.kind, error);
    }
    failpoint("flush:committed");
    measure(batch, clock.monotonic() - startedAt);
    works();
    settle(batch, outcome);
    listeners.announce(outcome);
    checkpoints?.committed();
    return queue.commands > 0 ? 0 : undefined;
  }

  function works(): void {
    if (health.status !== "ok") log.info({}, "The storage works again.");
    health = { status: "ok" };
    held.reset();
    committedSinceReopen = true;
  }

  /** Finds out without a command whether the storage works again. */
  function* probe(): Work<number | undefined> {
    try {
      yield* answered(patience.wait(writer.probe()));
    } catch (error) {
      if (error instanceof FileLost) return lose([], error.loss);
      if (!(error instanceof StorageTrouble)) throw error;
      return error.kind === "failed" ? yield* recover([], error) : PROBE_MS;
    }
    works();
    return undefined;
  }

  function canWrite(): boolean {
    return health.status === "ok" || health.status === "degraded";
  }

  function measure(batch: readonly Unit[], tookMs: number): void {
    const commands = batch.reduce((sum, unit) => sum + unit.commands.length, 0);
    if (commands === 0) return;
    recorder.committed(commands, tookMs);
    batchSize.measured(commands, tookMs);
  }

  function settle(batch: readonly Unit[], { outcomes }: BatchOutcome): void {
    for (const [index, unit] of batch.entries()) {
      const outcome = outcomes[index];
      if (isCoreError(outcome)) {
        recorder.refused(unit.commands.length);
        reject(unit, outcome);
      } else if (outcome !== undefined) {
        acknowledge(unit, outcome);
      }
      failpoint("flush:acknowledged");
    }
  }

  function reject(unit: Unit, error: CoreError): void {
    const types = unit.commands.map((command) => command.type).slice(0, 5);
    log.warn({ code: error.code, types, actor: unit.actor }, error.message);
    rejectUnit(unit, error);
  }

  /** Rejects many units for one reason. One line in the log stands for all of them: thousands may be waiting. */
  function rejectAll(units: readonly Unit[], toError: (unit: Unit) => CoreError): void {
    const errors = units.map(toError);
    for (const [index, unit] of units.entries()) rejectUnit(unit, errors[index]);
    const [first] = errors;
    if (first === undefined) return;
    const commands = units.reduce((sum, unit) => sum + unit.commands.length, 0);
    log.warn({ code: first.code, commands }, first.message);
  }

  /** Keeps the batch first in line, to try again later. Rejects units that have waited too long. */
  function hold(
    batch: readonly Unit[],
    reason: "busy" | "full",
    trouble: StorageTrouble,
  ): number | undefined {
    if (health.status !== "degraded" || health.reason !== reason) {
      health = { status: "degraded", reason, since: isoTime(clock.now()), message: trouble.message };
      log.warn({ sqlite: trouble.sqlite }, `The database cannot be written (${reason}). Atlas keeps trying.`);
    }
    const late = held.hold(batch);
    const lateInQueue = held.isEmpty ? queue.drainWaitingSince(held.deadline()) : [];
    rejectAll([...late, ...lateInQueue], (unit) =>
      notWrittenInTime(reason, Math.round(clock.monotonic() - unit.waitingSince), trouble),
    );
    return held.isEmpty && queue.commands === 0 && notes.length === 0 ? PROBE_MS : held.delay();
  }

  /** Rejects everything that waits, then opens the file again: once, unless a commit has worked since. */
  function* recover(batch: readonly Unit[], trouble: StorageTrouble): Work<undefined> {
    const reason = failureReason(trouble.sqlite);
    health = { status: "failed", reason, since: isoTime(clock.now()), message: trouble.message };
    log.error(
      { sqlite: trouble.sqlite, error: trouble },
      "The storage failed. All waiting commands are rejected.",
    );
    rejectWaiting(batch, trouble);
    if (!committedSinceReopen || patience.isOver()) return;
    committedSinceReopen = false;
    try {
      writer = yield* answered(patience.wait(reopen()));
      health = { status: "ok" };
      log.info({}, "The database was opened again and passed its check.");
    } catch (error) {
      log.error({ error }, "The database could not be opened again. From now on the store can only read.");
    }
  }

  /** Rejects everything that waits, for good: the file that lies at the path is not the one that is open. */
  function lose(batch: readonly Unit[], { reason, message }: FileLoss): undefined {
    health = { status: "failed", reason, since: isoTime(clock.now()), message };
    log.error({ reason }, `The database was lost: ${message}.`);
    rejectWaiting([...batch, ...held.take()]);
  }

  function rejectWaiting(batch: readonly Unit[], cause?: StorageTrouble): undefined {
    const problem = health.status === "failed" ? health.message : "";
    const outcome = cause?.duringCommit === true ? "unknown" : "not applied";
    rejectAll(batch, () => storageFailed({ problem, cause, outcome }));
    rejectAll(queue.drainWaitingSince(Number.POSITIVE_INFINITY), () =>
      storageFailed({ problem, cause, outcome: "not applied" }),
    );
  }

  async function drain(withinMs: number): Promise<void> {
    patience.endWithin(withinMs);
    // What is on its way may come back.
    if (isUnderWay) await loop.runOnce();
    while (health.status !== "failed" && (!held.isEmpty || queue.commands > 0 || notes.length > 0)) {
      const pauseMs = held.pauseMs();
      if (pauseMs > 0) {
        if (patience.isOver()) break;
        await new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
        if (held.isEmpty && queue.commands === 0) notes = [];
      }
      await loop.runOnce();
    }
    await loop.stop();
    rejectLeft([...held.take(), ...queue.drainWaitingSince(Number.POSITIVE_INFINITY)]);
    health = { status: "stopped" };
  }

  function rejectLeft(units: readonly Unit[]): void {
    if (health.status !== "degraded") return void rejectWaiting(units);
    const { reason, message } = health;
    rejectAll(units, (unit) =>
      notWrittenInTime(reason, Math.round(clock.monotonic() - unit.waitingSince), new Error(message)),
    );
  }
}
