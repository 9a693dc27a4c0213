import type { Clock } from "../contract/clock.ts";
import type { DomainEvent } from "../contract/command.ts";
import { CoreError, isCoreError } from "../contract/errors.ts";
import type { Health } from "../contract/health.ts";
import type { Logger } from "../contract/logger.ts";
import { isoTime } from "../contract/time.ts";
import { failureReason, StorageTrouble } from "../file/storage-trouble.ts";
import type { CommandQueue } from "../intake/command-queue.ts";
import { acknowledge, type RefusedNote, reject as rejectWaiter, type Unit } from "../intake/unit.ts";
import { createRecorder, type Distribution } from "./distribution.ts";
import type { Failpoint } from "./failpoint.ts";
import { createLoop } from "./loop.ts";
import type { BatchOutcome, Writer } from "./writer.ts";

/** What one commit brought: the range of its commands and its domain events, in order. */
export interface CommittedBatch {
  readonly first_seq: number;
  readonly last_seq: number;
  readonly events: readonly DomainEvent[];
}

/** What the loop has done since it was made. */
export interface FlushStats {
  /** Commands in a commit. */
  readonly batchCommands: Distribution;
  /** How long a commit took with everything in it, in milliseconds. */
  readonly commitMs: Distribution;
  /** Commands that were refused, before the queue or behind it. */
  readonly refusedCommands: number;
}

/** Carries units from the queue to the writer, a batch a round, and settles their promises. */
export interface FlushLoop {
  /** Tells that something waits. One turn's calls share a commit. */
  wake(): void;
  /** Does one round now. */
  flush(): Promise<void>;
  /** Keeps a note of a command that never came to the queue; it is written with the next batch, while there is room. */
  note(refusal: () => RefusedNote): void;
  onCommitted(listener: (batch: CommittedBatch) => void): () => void;
  health(): Health;
  stats(): FlushStats;
  /** Commits what waits and stops; what cannot be committed in time rejects. Always the same promise. */
  stop(): Promise<void>;
}

// Long enough to share commits, short enough for the event loop; bench/README.md says what other lengths gave.
const TARGET_BATCH_MS = 6;
const MIN_BATCH = 50;
const MAX_BATCH = 1_000;
// About 1 MiB of JSON: a unit's size is what it weighs in memory, twice its text and more.
const MAX_BATCH_BYTES = 2 * 1024 * 1024;
const FIRST_RETRY_MS = 5;
const LONGEST_RETRY_MS = 100;
const KEPT_NOTES = 1_000;

/** The loop between `queue` and the writer. `reopen` is called once after a failure of the storage; it may throw. */
export function createFlushLoop(options: {
  readonly queue: CommandQueue;
  readonly writer: Writer;
  readonly reopen: () => Writer;
  readonly clock: Clock;
  readonly log: Logger;
  readonly failpoint: Failpoint;
  readonly storageDeadlineMs: number;
}): FlushLoop {
  const { queue, clock, log, failpoint, storageDeadlineMs } = options;
  const listeners = new Set<(batch: CommittedBatch) => void>();
  let { writer } = options;
  let health: Health = { status: "ok" };
  let held: Unit[] = [];
  let retryAt = 0;
  let retryMs = FIRST_RETRY_MS;
  let committedSinceReopen = true;
  let perCommandMs = TARGET_BATCH_MS / MAX_BATCH;
  let notes: RefusedNote[] = [];
  let stopped: Promise<void> | undefined;
  const batchCommands = createRecorder(1);
  const commitMs = createRecorder(1_000);
  let refusedCommands = 0;

  const loop = createLoop({
    tick,
    clock,
    onError: (error) => log.error({ error }, "A round of the flush loop failed."),
  });

  return {
    wake: loop.wake,
    flush: loop.runOnce,
    note(refusal) {
      refusedCommands += 1;
      if (notes.length < KEPT_NOTES) notes.push(refusal());
      loop.wake();
    },
    onCommitted(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    health: () => health,
    stats: () => ({
      batchCommands: batchCommands.distribution(),
      commitMs: commitMs.distribution(),
      refusedCommands,
    }),
    stop() {
      stopped ??= drain();
      return stopped;
    },
  };

  /** One round: at most one transaction. Returns when it wants the next. */
  function tick(): number | undefined {
    if (health.status === "failed") return rejectWaiting(held.splice(0));
    const pauseMs = retryAt - clock.monotonic();
    if (pauseMs > 0) return pauseMs;
    const batch =
      held.length > 0 ? held.splice(0) : queue.drain({ maxCommands: batchCap(), maxBytes: MAX_BATCH_BYTES });
    if (batch.length === 0 && notes.length === 0) return undefined;
    failpoint("flush:drained");

    const noted = notes;
    notes = [];
    const startedAt = clock.monotonic();
    let outcome: BatchOutcome;
    try {
      outcome = writer.applyBatch(batch, noted);
    } catch (error) {
      notes = [...noted, ...notes].slice(0, KEPT_NOTES);
      if (!(error instanceof StorageTrouble)) throw error;
      return error.kind === "failed" ? recover(batch, error) : hold(batch, error.kind, error);
    }
    failpoint("flush:committed");
    measure(batch, clock.monotonic() - startedAt);
    if (health.status !== "ok") log.info({}, "The storage works again.");
    health = { status: "ok" };
    retryMs = FIRST_RETRY_MS;
    retryAt = 0;
    committedSinceReopen = true;
    settle(batch, outcome);
    announce(outcome);
    return queue.commands > 0 ? 0 : undefined;
  }

  function batchCap(): number {
    return Math.min(MAX_BATCH, Math.max(MIN_BATCH, Math.floor(TARGET_BATCH_MS / perCommandMs)));
  }

  function measure(batch: readonly Unit[], tookMs: number): void {
    const commands = batch.reduce((sum, unit) => sum + unit.commands.length, 0);
    if (commands > 0) {
      batchCommands.record(commands);
      commitMs.record(tookMs);
    }
    // A lone command's time is that of its commit and says nothing of a full batch.
    if (commands >= MIN_BATCH) perCommandMs = 0.8 * perCommandMs + 0.2 * (tookMs / commands);
  }

  function settle(batch: readonly Unit[], { outcomes }: BatchOutcome): void {
    for (const [index, unit] of batch.entries()) {
      const outcome = outcomes[index];
      if (isCoreError(outcome)) {
        refusedCommands += unit.commands.length;
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
    rejectWaiter(unit.waiter, error);
  }

  function announce(outcome: BatchOutcome): void {
    if (listeners.size === 0 || outcome.lastSeq === 0) return;
    const batch = { first_seq: outcome.firstSeq, last_seq: outcome.lastSeq, events: outcome.events() };
    // The promises of the batch are settled first: their continuations run before the listeners do.
    queueMicrotask(() => {
      for (const listener of listeners) {
        try {
          listener(batch);
        } catch (error) {
          log.error({ error }, "A listener of onCommitted threw.");
        }
      }
    });
  }

  /** Keeps the batch first in line and tries again later; gives up what has waited too long. */
  function hold(batch: Unit[], reason: "busy" | "full", trouble: StorageTrouble): number | undefined {
    if (health.status !== "degraded" || health.reason !== reason) {
      health = { status: "degraded", reason, since: isoTime(clock.now()), message: trouble.message };
      log.warn({ sqlite: trouble.sqlite }, `Writing is held up (${reason}) and will be tried again.`);
    }
    const deadline = clock.monotonic() - storageDeadlineMs;
    const late = batch.filter((unit) => unit.waitingSince < deadline);
    held = batch.filter((unit) => unit.waitingSince >= deadline);
    if (held.length === 0) late.push(...queue.drainWaitingSince(deadline));
    for (const unit of late) {
      const waitedMs = Math.round(clock.monotonic() - unit.waitingSince);
      reject(unit, notWrittenInTime(reason, waitedMs, trouble));
    }
    if (held.length === 0 && queue.commands === 0 && notes.length === 0) return undefined;
    const pauseMs = retryMs;
    retryAt = clock.monotonic() + pauseMs;
    retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
    return pauseMs;
  }

  /** Rejects everything that waits, then opens the file again: once, unless a commit has worked since. */
  function recover(batch: Unit[], trouble: StorageTrouble): number | undefined {
    const reason = failureReason(trouble.sqlite);
    health = { status: "failed", reason, since: isoTime(clock.now()), message: trouble.message };
    log.error(
      { sqlite: trouble.sqlite, error: trouble },
      "The storage failed; everything that waits is rejected.",
    );
    rejectWaiting(batch, trouble);
    if (!committedSinceReopen) return undefined;
    committedSinceReopen = false;
    try {
      writer = options.reopen();
      health = { status: "ok" };
      log.info({}, "The database was opened again and passed its check.");
    } catch (error) {
      log.error({ error }, "The database could not be opened again; the store only reads from now on.");
    }
    return undefined;
  }

  function rejectWaiting(batch: readonly Unit[], trouble?: StorageTrouble): undefined {
    const message = health.status === "failed" ? health.message : "";
    const sqlite = trouble?.sqlite ?? "";
    const outcome = trouble?.duringCommit === true ? "unknown" : "not applied";
    for (const unit of batch) reject(unit, storageFailed(message, { sqlite, outcome }, trouble));
    for (const unit of queue.drainWaitingSince(Number.POSITIVE_INFINITY)) {
      reject(unit, storageFailed(message, { sqlite, outcome: "not applied" }, trouble));
    }
    return undefined;
  }

  async function drain(): Promise<void> {
    while (health.status !== "failed" && (held.length > 0 || queue.commands > 0 || notes.length > 0)) {
      const pauseMs = retryAt - clock.monotonic();
      if (pauseMs > 0) {
        await new Promise<void>((resolve) => void clock.after(pauseMs, resolve));
        if (held.length === 0 && queue.commands === 0) notes = [];
      }
      await loop.runOnce();
    }
    await loop.stop();
    rejectWaiting(held.splice(0));
    health = { status: "stopped" };
  }
}

function notWrittenInTime(reason: "busy" | "full", waitedMs: number, cause: StorageTrouble): CoreError {
  const details = { waitedMs, outcome: "not applied" } as const;
  return reason === "busy"
    ? new CoreError(
        "ATLAS_CORE_STORAGE_BUSY",
        details,
        `Another process held the database locked for ${waitedMs} ms. The command was not applied; send it again.`,
        { cause },
      )
    : new CoreError(
        "ATLAS_CORE_STORAGE_FULL",
        details,
        `The disk was full for ${waitedMs} ms. The command was not applied; free some space and send it again.`,
        { cause },
      );
}

function storageFailed(
  message: string,
  details: { readonly sqlite: string; readonly outcome: "not applied" | "unknown" },
  cause: StorageTrouble | undefined,
): CoreError {
  const known =
    details.outcome === "unknown"
      ? "Whether the command was applied is not known."
      : "The command was not applied.";
  return new CoreError("ATLAS_CORE_STORAGE_FAILED", details, `The storage failed: ${message}. ${known}`, {
    cause,
  });
}
