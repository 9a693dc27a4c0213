import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it, onTestFinished } from "vitest";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { StorageTrouble } from "../../src/file/storage-trouble.ts";
import { type Failpoint, type Logger, silentLogger } from "../../src/index.ts";
import type { Writer } from "../../src/writing/writer.ts";
import { openFlushBench } from "../support/flush-bench.ts";
import { executors } from "../support/later-executor.ts";
import { openStore } from "../support/open-store.ts";
import { countRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";

const note = (id: string, title = "") =>
  ({ type: "entity.upsert", entity: { id, type: "note", title } }) as const;

function sqliteError(code: string): Error {
  return Object.assign(new Error(`The test struck with ${code}.`), { code });
}

/** Throws `error` at the first `times` hits of `at`. */
function striking(at: string, error: Error, times = 1): Failpoint {
  let left = times;
  return (name) => {
    if (name !== at || left === 0) return;
    left -= 1;
    throw error;
  };
}

describe.each(executors)("with an executor that answers $answers", ({ executorOf }) => {
  const openOn = (options: Parameters<typeof openStore>[0]) => openStore(options, executorOf);
  const openBench = (options: Parameters<typeof openFlushBench>[0] = {}) =>
    openFlushBench({ ...options, executorOf });

  describe("while another connection holds the database locked", () => {
    async function lockedStore(storageDeadlineMs = 30_000) {
      const clock = createFakeClock("2026-11-21T09:00:00.000Z");
      const store = await openOn({ clock, storageDeadlineMs });
      const other = openRaw(store.path, { timeoutMs: 0 });
      other.exec("begin immediate");
      const release = (): void => {
        if (other.open) other.close();
      };
      // Nothing else may hold the connection, and one that is collected lets go of its lock.
      onTestFinished(release);
      return { store, clock, release };
    }

    it("holds commands back and says so, and commits them in their order when it is free again", async () => {
      const { store, clock, release } = await lockedStore();
      const first = store.commands.enqueue(note("a"));
      await store.flush();
      expect(store.health()).toMatchObject({
        status: "degraded",
        reason: "busy",
        since: "2026-11-21T09:00:00.000Z",
      });
      const second = store.commands.enqueue(note("b"));
      clock.advance(5);
      await store.flush();
      expect(store.health()).toMatchObject({ status: "degraded", since: "2026-11-21T09:00:00.000Z" });
      release();
      clock.advance(100);
      expect(await Promise.all([first, second])).toEqual([
        { seq: 1, changed: true },
        { seq: 2, changed: true },
      ]);
      expect(store.health()).toEqual({ status: "ok" });
    });

    it("rejects what waited past its deadline, as surely not applied, and takes it when sent again", async () => {
      const { store, clock, release } = await lockedStore(1_000);
      const unlucky = store.commands.enqueue(note("a"));
      await store.flush();
      clock.advance(800);
      await store.flush();
      const patient = store.commands.enqueue(note("b"));
      clock.advance(201);
      const error = await rejection(unlucky);
      expect(error).toMatchObject({
        code: "ATLAS_CORE_STORAGE_BUSY",
        retryable: true,
        details: { waitedMs: 1_001, outcome: "not applied" },
      });
      release();
      clock.advance(100);
      expect(await patient).toEqual({ seq: 1, changed: true });
      expect(await store.repo.getEntity("a")).toBeUndefined();
      expect(await store.commands.enqueue(note("a"))).toEqual({ seq: 2, changed: true });
    });

    it("rejects at the deadline also what is still in the queue behind a batch that is held back", async () => {
      const { store, clock } = await lockedStore(1_000);
      const held = store.commands.enqueue(note("held"));
      await store.flush();
      const queued = store.commands.enqueue(note("queued"));
      clock.advance(1_001);
      // The clock stands still from here on.
      for (const late of [held, queued]) expect((await rejection(late)).code).toBe("ATLAS_CORE_STORAGE_BUSY");
    });

    it("keeps the notes of commands that were refused meanwhile, and writes them when it is free again", async () => {
      const { store, clock, release } = await lockedStore();
      const held = store.commands.enqueue(note("a"));
      await rejection(store.commands.enqueue({ type: "entity.upsert", entity: { type: "" } }));
      await store.flush();
      expect(store.health()).toMatchObject({ status: "degraded", reason: "busy" });
      release();
      clock.advance(100);
      await held;
      expect((await store.repo.listRefusedCommands()).items).toMatchObject([
        { type: "entity.upsert", code: "ATLAS_CORE_COMMAND_INVALID" },
      ]);
    });

    it("stops in bounded time, and rejects what it could not commit", async () => {
      const { store, clock, release } = await lockedStore(1_000);
      const waiting = store.commands.enqueue(note("a"));
      let stopped = false;
      const stop = store.stop().then(() => {
        stopped = true;
      });
      while (!stopped) {
        clock.advance(100);
        await new Promise((resolve) => void setImmediate(resolve));
        expect(clock.monotonic()).toBeLessThan(3_000);
      }
      await stop;
      expect((await rejection(waiting)).code).toBe("ATLAS_CORE_STORAGE_BUSY");
      release();
      expect(countRows(store.path, "entities")).toBe(0);
    });
  });

  describe("when nothing waits to be written any more", () => {
    it("finds out without a command that nobody holds the lock any longer", async () => {
      const clock = createFakeClock("2026-11-21T09:00:00.000Z");
      const store = await openOn({ clock, storageDeadlineMs: 1_000 });
      const other = openRaw(store.path, { timeoutMs: 0 });
      other.exec("begin immediate");
      const unlucky = store.commands.enqueue(note("a"));
      await store.flush();
      clock.advance(1_001);
      expect((await rejection(unlucky)).code).toBe("ATLAS_CORE_STORAGE_BUSY");
      expect(store.health()).toMatchObject({ status: "degraded", reason: "busy" });
      other.close();
      await expect
        .poll(() => {
          clock.advance(1_000);
          return store.health();
        })
        .toEqual({ status: "ok" });
      expect(await store.verify()).toMatchObject({ status: "verified", commands: 0 });
    });

    it("finds out without a command that there is room on the disk again", async () => {
      const { send, loop, connection, clock, path } = await openBench({ storageDeadlineMs: 500 });
      const pages = Number(connection.database.pragma("page_count", { simple: true }));
      connection.database.pragma(`max_page_count = ${pages}`);
      const sent = send(note("a", "x".repeat(20_000)));
      await loop.flush();
      clock.advance(501);
      expect((await rejection(sent)).code).toBe("ATLAS_CORE_STORAGE_FULL");
      expect(loop.health()).toMatchObject({ status: "degraded", reason: "full" });
      connection.database.pragma("max_page_count = 1000000");
      await expect
        .poll(() => {
          clock.advance(1_000);
          return loop.health();
        })
        .toEqual({ status: "ok" });
      expect(countRows(path, "journal")).toBe(0);
    });
  });

  describe("on a full disk", () => {
    const large = "x".repeat(20_000);

    it("acknowledges nothing of the batch, holds all of it, and commits it when there is room", async () => {
      const { send, loop, connection, clock, path } = await openBench();
      const pages = Number(connection.database.pragma("page_count", { simple: true }));
      connection.database.pragma(`max_page_count = ${pages + 3}`);
      // The first would fit; it is written in the transaction that the second one loses.
      const sent = [send(note("small")), send(note("a", large)), send(note("b", large), note("c"))];
      await loop.flush();
      expect(loop.health()).toMatchObject({ status: "degraded", reason: "full" });
      expect(countRows(path, "entities")).toBe(0);
      clock.advance(5);
      await loop.flush();
      connection.database.pragma("max_page_count = 1000000");
      clock.advance(100);
      expect((await Promise.all(sent)).flat().map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
      expect(countRows(path, "domain_events")).toBe(4);
      expect(loop.health()).toEqual({ status: "ok" });
    });

    it("rejects what waited past its deadline, as surely not applied", async () => {
      const { send, loop, connection, clock, path } = await openBench({ storageDeadlineMs: 500 });
      const pages = Number(connection.database.pragma("page_count", { simple: true }));
      connection.database.pragma(`max_page_count = ${pages}`);
      const sent = send(note("a", large));
      await loop.flush();
      clock.advance(501);
      expect(await rejection(sent)).toMatchObject({
        code: "ATLAS_CORE_STORAGE_FULL",
        retryable: true,
        details: { waitedMs: 501, outcome: "not applied" },
      });
      connection.database.pragma("max_page_count = 1000000");
      expect(countRows(path, "entities")).toBe(0);
      expect(await send(note("b"))).toEqual([{ seq: 1, changed: true }]);
    });
  });

  describe("when the storage fails", () => {
    it("rejects everything that waits, opens the file again and goes on", async () => {
      const store = await openOn({
        failpoint: striking("writer:command", sqliteError("SQLITE_IOERR_WRITE"), 1),
      });
      const sent = ["a", "b", "c"].map((id) => store.commands.enqueue(note(id)));
      for (const error of await Promise.all(sent.map(rejection))) {
        expect(error).toMatchObject({
          code: "ATLAS_CORE_STORAGE_FAILED",
          retryable: true,
          details: { sqlite: "SQLITE_IOERR_WRITE", outcome: "not applied" },
        });
      }
      expect(store.health()).toEqual({ status: "ok" });
      expect(await store.commands.enqueue(note("a"))).toEqual({ seq: 1, changed: true });
      expect(countRows(store.path, "entities")).toBe(1);
    });

    it("says that the outcome is unknown where the commit itself failed, and only there", async () => {
      const strike = new StorageTrouble(sqliteError("SQLITE_IOERR_FSYNC"), {
        kind: "failed",
        duringCommit: true,
      });
      const failing = (): Writer => ({
        probe: () => undefined,
        applyBatch: () => {
          throw strike;
        },
      });
      const logged: object[] = [];
      const log: Logger = { ...silentLogger, warn: (fields) => void logged.push(fields) };
      const { send, loop, reopened } = await openBench({ wrapWriter: failing, log });
      const batch = Array.from({ length: 1_000 }, (_, index) => send(note(`${index}`)));
      const behind = send(note("behind"));
      await loop.flush();
      const outcome = (error: unknown) => (error as { details: { outcome: string } }).details.outcome;
      expect(new Set((await Promise.all(batch.map(rejection))).map(outcome))).toEqual(new Set(["unknown"]));
      expect(outcome(await rejection(behind))).toBe("not applied");
      // One line for all that waited, not one for each.
      expect(logged).toEqual([
        { code: "ATLAS_CORE_STORAGE_FAILED", commands: 1_000 },
        { code: "ATLAS_CORE_STORAGE_FAILED", commands: 1 },
      ]);
      expect(reopened()).toBe(1);
      expect(await send(note("a"))).toEqual([{ seq: 1, changed: true }]);
    });

    it("opens the file once and not again before a commit has worked; then it only reads", async () => {
      const store = await openOn({
        failpoint: striking("writer:command", sqliteError("SQLITE_CORRUPT"), 2),
      });
      await rejection(store.commands.enqueue(note("a")));
      expect(store.health()).toEqual({ status: "ok" });
      await rejection(store.commands.enqueue(note("b")));
      expect(store.health()).toMatchObject({
        status: "failed",
        message: "The test struck with SQLITE_CORRUPT.",
      });
      expect(await rejection(store.commands.enqueue(note("c")))).toMatchObject({
        code: "ATLAS_CORE_STORAGE_FAILED",
        details: { outcome: "not applied" },
      });
      expect(await store.repo.listEntities()).toEqual({ items: [] });
      await store.stop();
      expect(store.health()).toEqual({ status: "stopped" });
    });

    it("may be opened again for each failure that a working commit lies between", async () => {
      let failing = false;
      const { send, loop, reopened } = await openBench({
        failpoint: (name) => {
          if (failing && name === "writer:command") throw sqliteError("SQLITE_IOERR");
        },
      });
      for (let round = 1; round <= 3; round += 1) {
        await send(note(`${round}`));
        failing = true;
        await rejection(send(note("x")));
        failing = false;
        expect(reopened()).toBe(round);
        expect(loop.health()).toEqual({ status: "ok" });
      }
    });

    it("only reads when the file cannot be opened again", async () => {
      const { send, loop } = await openBench({
        failpoint: striking("writer:begun", sqliteError("SQLITE_NOTADB")),
        reopen: () => {
          throw new Error("It is gone.");
        },
      });
      await rejection(send(note("a")));
      expect(loop.health().status).toBe("failed");
      expect((await rejection(send(note("b")))).code).toBe("ATLAS_CORE_STORAGE_FAILED");
    });
  });

  it("does not mistake a full disk in one unit for a refusal of that unit", async () => {
    const { send, loop, path } = await openBench({
      failpoint: striking("writer:command", sqliteError("SQLITE_FULL")),
    });
    const sent = [send(note("a")), send(note("b"))];
    await loop.flush();
    expect(countRows(path, "entities")).toBe(0);
    expect(countRows(path, "refused_commands")).toBe(0);
    expect(loop.health()).toMatchObject({ status: "degraded", reason: "full" });
    expect(sent.length).toBe(2);
  });
});
