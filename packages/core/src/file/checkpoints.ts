import { statSync } from "node:fs";
import type Database from "better-sqlite3";
import type { Clock } from "../contract/clock.ts";
import type { Logger } from "../contract/logger.ts";
import { type CheckpointAnswer, type CheckpointThread, startCheckpointThread } from "./checkpoint-thread.ts";
import { CEILING_PAGES, CHECKPOINT_PAGES } from "./sqlite.ts";

/** Brings the write-ahead log into the database, off the event loop, and keeps it short. */
export interface Checkpoints {
  /** Announces a commit. Costs a comparison of times; a message to the thread every 20 ms at most. */
  committed(): void;
  /** Takes over a writing connection that was opened again. */
  use(database: Database.Database): void;
  /** Ends the thread. Its connection is closed then. */
  stop(): Promise<void>;
}

// Often enough that the thread finds 400 to 800 pages when every commit is full, and seldom enough to cost nothing.
const LOOK_MS = 20;
// Nobody commits any more: the log can be emptied.
const IDLE_MS = 1_000;
const PAGE_BYTES = 4_096;

/**
 * Starts a thread once the log has grown for the first time; most short-lived stores never need one. Until it answers, and
 * after it was lost, every commit that makes the log longer than 400 pages brings it in itself, as SQLite does by default.
 */
export function createCheckpoints(options: {
  readonly path: string;
  /** The writing connection. */
  readonly database: Database.Database;
  readonly clock: Clock;
  readonly log: Logger;
  /** For tests. */
  readonly startThread?: typeof startCheckpointThread;
}): Checkpoints {
  const { path, clock, log, startThread = startCheckpointThread } = options;
  let { database } = options;
  let state: "none" | "starting" | "works" | "off" = "none";
  let thread: CheckpointThread | undefined;
  let isBusy = false;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let committedAt = Number.NEGATIVE_INFINITY;
  let troubled = false;
  let cancelIdle = (): void => undefined;

  return {
    committed() {
      const now = clock.monotonic();
      committedAt = now;
      if (now - lookedAt < LOOK_MS || state === "off") return;
      lookedAt = now;
      if (thread === undefined) start();
      else ask("look");
    },
    use(reopened) {
      database = reopened;
      setLimit();
    },
    async stop() {
      cancelIdle();
      const ending = thread;
      state = "off";
      thread = undefined;
      await ending?.end();
    },
  };

  function start(): void {
    if (logBytes() < CHECKPOINT_PAGES * PAGE_BYTES) return;
    state = "starting";
    try {
      thread = startThread(path, { onAnswer, onLost });
      ask("look");
    } catch (error) {
      onLost(error);
    }
  }

  function ask(request: "look" | "all"): void {
    waitForIdle();
    if (isBusy) return;
    isBusy = true;
    thread?.ask(request);
  }

  function onAnswer(answer: CheckpointAnswer): void {
    isBusy = false;
    if (state === "starting") {
      state = "works";
      setLimit();
    }
    if ("error" in answer) {
      // The writer meets the same trouble in its own commits and reports it to callers.
      if (!troubled) log.warn({ path }, `The write-ahead log could not be brought in: ${answer.error}.`);
      troubled = true;
      return;
    }
    troubled = false;
    if (!isIdle() || answer.checkpointed < answer.log) return;
    cancelIdle();
    if (answer.log > 0) emptyLog();
  }

  function onLost(error: unknown): void {
    if (state === "off") return;
    state = "off";
    thread = undefined;
    cancelIdle();
    setLimit();
    log.warn(
      { error, path },
      "The checkpoint thread is gone. Commits bring in the write-ahead log themselves.",
    );
  }

  function setLimit(): void {
    if (database.open)
      database.pragma(`wal_autocheckpoint = ${state === "works" ? CEILING_PAGES : CHECKPOINT_PAGES}`);
  }

  /** Looks once more when nothing was committed for a while: the last pages of a burst are below the limit. */
  function waitForIdle(): void {
    cancelIdle();
    cancelIdle = clock.after(IDLE_MS, () => ask("all"));
  }

  function isIdle(): boolean {
    return clock.monotonic() - committedAt >= IDLE_MS;
  }

  /** All of it is in the file, so this only shortens the log's file. A reader that needs the log keeps it. */
  function emptyLog(): void {
    if (!database.open) return;
    try {
      database.pragma("wal_checkpoint(truncate)");
    } catch {
      // It stays as long as it is; the next commits overwrite it.
    }
  }

  function logBytes(): number {
    return statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }
}
