import { statSync } from "node:fs";
import { expect, it, onTestFinished, vi } from "vitest";
import { openRaw, testDriver } from "../../../../test/support/test-driver.ts";
import type { CheckpointAnswer, CheckpointThread } from "../../src/file/checkpoint-thread.ts";
import { startCheckpointThread } from "../../src/file/checkpoint-thread.ts";
import { createCheckpoints } from "../../src/file/checkpoints.ts";
import { CEILING_PAGES, CHECKPOINT_PAGES } from "../../src/file/log-length.ts";
import { silentLogger } from "../../src/index.ts";
import { createStore } from "../support/driver.ts";
import { openStore } from "../support/open-store.ts";
import { databasePath } from "../support/temporary-folder.ts";

const KIB = 1024;
const PAGE = 4 * KIB;

/** A database with a log, its checkpoints with a thread that answers when told to, and a clock that is moved by hand. */
function lab({ isFlushed = true } = {}) {
  const path = databasePath();
  const database = openRaw(path);
  onTestFinished(() => void database.close());
  database.pragma("journal_mode = wal");
  database.exec("create table t (x)");
  let now = 0;
  let timers: { readonly at: number; readonly callback: () => void }[] = [];
  const clock = {
    now: () => now,
    monotonic: () => now,
    after(delayMs: number, callback: () => void) {
      const timer = { at: now + delayMs, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
  };
  const asked: string[] = [];
  let hooks: Parameters<typeof startCheckpointThread>[1] | undefined;
  const warnings: string[] = [];
  const log = { ...silentLogger, warn: (_: object, message: string) => void warnings.push(message) };
  const checkpoints = createCheckpoints({
    path,
    driver: testDriver,
    database,
    clock,
    log,
    isFlushed,
    startThread: (_, given): CheckpointThread => {
      hooks = given;
      return { ask: (request) => void asked.push(request), end: async () => void asked.push("end") };
    },
  });
  return {
    database,
    checkpoints,
    asked,
    warnings,
    isStarted: () => hooks !== undefined,
    answer: (answer: CheckpointAnswer) => hooks?.onAnswer(answer),
    lose: () => hooks?.onLost(new Error("gone")),
    write(kibibytes: number) {
      database.prepare("insert into t values (?)").run(Buffer.alloc(kibibytes * KIB));
      checkpoints.committed();
    },
    advance(ms: number) {
      now += ms;
      for (const timer of timers.filter(({ at }) => at <= now)) {
        timers = timers.filter((one) => one !== timer);
        timer.callback();
      }
    },
    timers: () => timers.length,
    limit: () => database.pragma("wal_autocheckpoint", { simple: true }),
    logBytes: () => statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0,
  };
}

/** A lab whose thread has started and answered once. */
function labAtWork() {
  const one = lab();
  one.database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  one.write(2_000);
  one.answer({ log: 500, checkpointed: 500 });
  return one;
}

it("starts no thread while the log is short", () => {
  const { write, advance, isStarted, timers } = lab();
  for (let count = 0; count < 10; count += 1) {
    write(20);
    advance(20);
  }
  expect(isStarted()).toBe(false);
  expect(timers()).toBe(0);
});

it("leaves the log to its thread up to a ceiling once the thread has answered", () => {
  const { database, write, limit, answer, asked } = lab();
  database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  write(2_000);
  expect(asked).toEqual(["look"]);
  expect(limit()).toBe(CHECKPOINT_PAGES);
  answer({ log: 500, checkpointed: 500 });
  expect(limit()).toBe(CEILING_PAGES);
});

it("asks every 20 ms at most, and not while the thread is at work", () => {
  const { write, advance, answer, asked } = labAtWork();
  write(1);
  expect(asked).toEqual(["look"]);
  advance(20);
  write(1);
  expect(asked).toEqual(["look", "look"]);
  advance(20);
  write(1);
  expect(asked).toEqual(["look", "look"]);
  answer({ log: 500, checkpointed: 500 });
  advance(20);
  write(1);
  expect(asked).toEqual(["look", "look", "look"]);
});

it("brings in all of the log and empties it when nothing was committed for a second", () => {
  const { database, write, advance, answer, asked, logBytes, timers } = labAtWork();
  advance(500);
  write(1);
  answer({ log: 501, checkpointed: 500 });
  advance(999);
  expect(asked).toEqual(["look", "look"]);
  advance(501);
  expect(asked).toEqual(["look", "look", "all"]);
  expect(logBytes()).toBeGreaterThan(0);
  database.pragma("wal_checkpoint(passive)");
  answer({ log: 501, checkpointed: 501 });
  expect(logBytes()).toBe(0);
  expect(timers()).toBe(0);
});

it("tries again every second while a reader keeps the log from being brought in", () => {
  const { advance, answer, asked, logBytes, timers } = labAtWork();
  advance(1_000);
  answer({ log: 500, checkpointed: 20 });
  expect(asked).toEqual(["look", "all"]);
  advance(1_000);
  expect(asked).toEqual(["look", "all", "all"]);
  answer({ log: 500, checkpointed: 20 });
  expect(logBytes()).toBeGreaterThan(0);
  expect(timers()).toBe(1);
});

it("tries once a second while a reader holds the log back", () => {
  const { write, advance, answer, asked } = labAtWork();
  const rounds = (count: number): void => {
    for (let round = 0; round < count; round += 1) {
      const before = asked.length;
      advance(20);
      write(1);
      if (asked.length > before) answer({ log: 1_000, checkpointed: 20 });
    }
  };
  rounds(50);
  expect(asked).toEqual(["look", "look"]);
  rounds(1);
  expect(asked).toEqual(["look", "look", "all"]);
});

it("leaves the log alone during a pause, and goes on when the last one is over", () => {
  const { checkpoints, write, advance, limit, asked } = labAtWork();
  const first = checkpoints.pause();
  const second = checkpoints.pause();
  expect(limit()).toBe(0);
  first();
  first();
  expect(limit()).toBe(0);
  advance(20);
  write(1);
  expect(asked).toEqual(["look"]);
  second();
  expect(limit()).toBe(CEILING_PAGES);
  write(1);
  expect(asked).toEqual(["look", "look"]);
});

it("keeps a pause over the start of the thread, its loss, and a connection that was opened again", () => {
  const { database, checkpoints, write, answer, lose, limit } = lab();
  database.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  const end = checkpoints.pause();
  end();
  write(2_000);
  const again = checkpoints.pause();
  answer({ log: 500, checkpointed: 500 });
  expect(limit()).toBe(0);
  lose();
  expect(limit()).toBe(0);
  const reopened = openRaw(":memory:");
  onTestFinished(() => void reopened.close());
  checkpoints.use(reopened);
  expect(reopened.pragma("wal_autocheckpoint", { simple: true })).toBe(0);
  again();
  expect(reopened.pragma("wal_autocheckpoint", { simple: true })).toBe(CHECKPOINT_PAGES);
});

it("starts no thread for a file that is never flushed, and lets the writer bring its log in seldom", () => {
  const { checkpoints, isStarted, write, limit } = lab({ isFlushed: false });
  write(4_000);
  expect(isStarted()).toBe(false);
  checkpoints.pause()();
  expect(limit()).toBe(CEILING_PAGES);
});

it("does not empty the log while commits go on", () => {
  const { write, advance, answer, logBytes } = labAtWork();
  advance(1_000);
  write(1);
  answer({ log: 500, checkpointed: 500 });
  expect(logBytes()).toBeGreaterThan(0);
});

it("leaves the log to the commits again when its thread is lost, and says so once", () => {
  const { write, advance, lose, limit, warnings, asked, timers } = labAtWork();
  lose();
  lose();
  expect(limit()).toBe(CHECKPOINT_PAGES);
  expect(warnings).toHaveLength(1);
  advance(5_000);
  write(2_000);
  expect(asked).toEqual(["look"]);
  expect(timers()).toBe(0);
});

it("warns of trouble once until a checkpoint has worked", () => {
  const { write, advance, answer, warnings } = labAtWork();
  const round = (given: CheckpointAnswer): void => {
    advance(20);
    write(1);
    answer(given);
  };
  round({ error: "disk I/O error" });
  round({ error: "disk I/O error" });
  expect(warnings).toEqual(["The write-ahead log could not be brought in: disk I/O error."]);
  round({ log: 500, checkpointed: 400 });
  round({ error: "disk I/O error" });
  expect(warnings).toHaveLength(2);
});

it("sets the ceiling on a connection that was opened again", () => {
  const { checkpoints, answer } = labAtWork();
  const reopened = openRaw(":memory:");
  onTestFinished(() => void reopened.close());
  checkpoints.use(reopened);
  expect(reopened.pragma("wal_autocheckpoint", { simple: true })).toBe(CEILING_PAGES);
  answer({ log: 0, checkpointed: 0 });
});

it("asks and waits for nothing after it was stopped", async () => {
  const { checkpoints, write, advance, asked, timers, warnings, lose } = labAtWork();
  await checkpoints.stop();
  lose();
  advance(5_000);
  write(2_000);
  expect(asked).toEqual(["look", "end"]);
  expect(timers()).toBe(0);
  expect(warnings).toEqual([]);
});

it("brings the log of a real store into its file in a thread, and empties it when the store is idle", async () => {
  const store = await openStore();
  const walBytes = (): number => store.stats().walBytes;
  for (let count = 0; count < 30; count += 1) {
    const artifact = { id: `${count}`, type: "report", content_md: "x".repeat(100 * KIB) };
    await store.commands.enqueue({ type: "artifact.create", artifact });
  }
  expect(walBytes()).toBeGreaterThan(0);
  await vi.waitFor(() => expect(walBytes()).toBe(0), { timeout: 10_000, interval: 20 });
  expect(store.stats().databaseBytes).toBeGreaterThan(3_000 * KIB);
});

it("bounds the log of a store that never stops writing", async () => {
  const store = await openStore();
  let longest = 0;
  for (let count = 0; count < 400; count += 1) {
    const artifact = { id: `${count}`, type: "report", content_md: "x".repeat(100 * KIB) };
    await store.commands.enqueue({ type: "artifact.create", artifact });
    longest = Math.max(longest, store.stats().walBytes);
  }
  // 80 MiB went through it. At the ceiling the writer brings it in, unless the thread is at it: then a few commits later.
  expect(longest).toBeGreaterThan(CHECKPOINT_PAGES * PAGE);
  expect(longest).toBeLessThan(2 * CEILING_PAGES * PAGE);
}, 30_000);

it("stops while a thread is starting, and leaves no log behind", async () => {
  const path = databasePath();
  const store = await createStore({ database: path, log: silentLogger });
  const artifact = { id: "a", type: "report", content_md: "x".repeat(1_000 * KIB) };
  await store.commands.enqueue({ type: "artifact.create", artifact });
  await store.stop();
  expect(statSync(`${path}-wal`, { throwIfNoEntry: false })).toBeUndefined();
});

it("a thread reports what SQLite says, and ends when it is told to", async () => {
  const lost: unknown[] = [];
  const answers: CheckpointAnswer[] = [];
  const missing = startCheckpointThread(
    { path: databasePath(), driver: testDriver },
    {
      onAnswer: (answer) => void answers.push(answer),
      onLost: (error) => void lost.push(error),
    },
  );
  await vi.waitFor(() => expect(lost).toHaveLength(1), { timeout: 10_000 });
  await missing.end();
  expect(answers).toEqual([]);

  const path = databasePath();
  const database = openRaw(path);
  database.pragma("journal_mode = wal");
  database.pragma("wal_autocheckpoint = 0");
  database.exec("create table t (x)");
  const thread = startCheckpointThread(
    { path, driver: testDriver },
    {
      onAnswer: (answer) => void answers.push(answer),
      onLost: (error) => void lost.push(error),
    },
  );
  const ask = async (request: "look" | "all"): Promise<CheckpointAnswer | undefined> => {
    const before = answers.length;
    thread.ask(request);
    await vi.waitFor(() => expect(answers.length).toBe(before + 1), { timeout: 10_000 });
    return answers.at(-1);
  };
  expect(await ask("look")).toMatchObject({ checkpointed: 0 });
  const brought = await ask("all");
  expect(brought).toMatchObject({ log: expect.any(Number) });
  expect((brought as { log: number; checkpointed: number }).checkpointed).toBe(
    (brought as { log: number }).log,
  );
  database.prepare("insert into t values (?)").run(Buffer.alloc(2_000 * KIB));
  const look = (await ask("look")) as { log: number; checkpointed: number };
  expect(look.log).toBeGreaterThan(CHECKPOINT_PAGES);
  expect(look.checkpointed).toBe(look.log);
  await thread.end();
  expect(lost).toHaveLength(1);
  database.close();
});
