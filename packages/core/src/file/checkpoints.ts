import { statSync } from "node:fs";
import type { Clock } from "../contract/clock.ts";
import type { Logger } from "../contract/logger.ts";
import { type CheckpointAnswer, type CheckpointThread, startCheckpointThread } from "./checkpoint-thread.ts";
import type { DriverName, SqliteDatabase } from "./driver.ts";
import { CEILING_PAGES, CHECKPOINT_PAGES } from "./log-length.ts";

/** Brings the write-ahead log into the database, off the event loop, and keeps it short. */
export interface Checkpoints {
  /** Announces a commit. Costs a comparison of times; a message to the thread every 20 ms at most. */
  committed(): void;
  /** Takes over a writing connection that was opened again. */
  use(database: SqliteDatabase): void;
  /**
   * Leaves the log alone, however long it grows, while one long snapshot is read: no checkpoint gets past that, and the writer's first
   * one after it would bring in everything on the event loop. The returned function ends the pause; calling it twice does no harm.
   */
  pause(): () => void;
  /** Ends the thread. Its connection is closed then. */
  stop(): Promise<void>;
}

// Often enough that the thread finds 400 to 800 pages when every commit is full, and seldom enough to cost nothing.
const LOOK_MS = 20;
const BLOCKED_MS = 1_000;
// Nobody commits any more: the log can be emptied.
const IDLE_MS = 1_000;
const PAGE_BYTES = 4_096;

/**
 * Starts a thread once the log has grown for the first time; most short-lived stores never need one. Until it answers, and
 * after it was lost, every commit that makes the log longer than 400 pages brings it in itself, as SQLite does by default.
 */
export function createCheckpoints(options: {
  readonly path: string;
  readonly driver: DriverName;
  /** The writing connection. */
  readonly database: SqliteDatabase;
  readonly clock: Clock;
  readonly log: Logger;
  /** False for a file that is never flushed: its checkpoints wait for nothing, so the writer makes them, and seldom. */
  readonly isFlushed?: boolean;
  /** For tests. */
  readonly startThread?: typeof startCheckpointThread;
}): Checkpoints {
  const { path, driver, clock, log, isFlushed = true, startThread = startCheckpointThread } = options;
  let { database } = options;
  let state: "none" | "starting" | "works" | "off" = isFlushed ? "none" : "off";
  let thread: CheckpointThread | undefined;
  let isBusy = false;
  let nextLookAt = Number.NEGATIVE_INFINITY;
  let committedAt = Number.NEGATIVE_INFINITY;
  let troubled = false;
  let pauses = 0;
  let cancelIdle = (): void => undefined;

  return {
    committed() {
      const now = clock.monotonic();
      committedAt = now;
      if (now < nextLookAt || state === "off" || pauses > 0) return;
      nextLookAt = now + LOOK_MS;
      if (thread === undefined) start();
      else ask("look");
    },
    use(reopened) {
      database = reopened;
      setLimit();
    },
    pause() {
      pauses += 1;
      setLimit();
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        pauses -= 1;
        setLimit();
      };
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
      thread = startThread({ path, driver }, { onAnswer, onLost });
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
    // A reader holds the rest back. Trying again costs the thread time for every page of the log.
    if (answer.log - answer.checkpointed >= CHECKPOINT_PAGES) nextLookAt = clock.monotonic() + BLOCKED_MS;
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

  /** Sets at how many pages a commit brings the log in; 0: never. */
  function setLimit(): void {
    if (!database.open) return;
    const usual = state === "works" || !isFlushed ? CEILING_PAGES : CHECKPOINT_PAGES;
    database.pragma(`wal_autocheckpoint = ${pauses > 0 ? 0 : usual}`);
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
