import { rmSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it } from "vitest";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { type AnyCommand, type Clock, systemClock } from "../../src/index.ts";
import { createSqliteExecutor } from "../../src/writing/sqlite-executor.ts";
import { createStoragePatience } from "../../src/writing/storage-patience.ts";
import { isPending } from "../../src/writing/work.ts";
import type { Writer } from "../../src/writing/writer.ts";
import { openFlushBench } from "../support/flush-bench.ts";
import { lab } from "../support/lab.ts";
import { createLaterExecutor, type ExecutorCall } from "../support/later-executor.ts";
import { openStore } from "../support/open-store.ts";
import { countRows, readRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";
import { openWriterBench } from "../support/writer-bench.ts";

const put = (id: string): AnyCommand => ({ type: "lab.put", id });

/** A gate at one call of an executor: it waits there until the gate is opened, or failed. */
function createGate(at: ExecutorCall) {
  const calls: ExecutorCall[] = [];
  let gate = Promise.withResolvers<void>();
  let reached = Promise.withResolvers<void>();
  let isClosed = true;
  return {
    calls,
    reached: () => reached.promise,
    open() {
      isClosed = false;
      gate.resolve();
    },
    close() {
      isClosed = true;
      gate = Promise.withResolvers<void>();
      reached = Promise.withResolvers<void>();
    },
    async before(call: ExecutorCall): Promise<void> {
      calls.push(call);
      if (call !== at || !isClosed) return;
      reached.resolve();
      await gate.promise;
    },
  };
}

async function openGatedBench(
  at: ExecutorCall,
  options: Omit<NonNullable<Parameters<typeof openFlushBench>[0]>, "modules" | "executorOf"> = {},
) {
  const gate = createGate(at);
  const bench = await openFlushBench({
    ...options,
    modules: [lab],
    executorOf: (connection) => createLaterExecutor(createSqliteExecutor(connection), gate),
  });
  return { ...bench, gate };
}

it("answers at once where its executor does", async () => {
  const { writer, unit } = await openWriterBench({ modules: [lab], executorOf: createSqliteExecutor });
  expect(isPending(writer.applyBatch([unit([put("a")])], []))).toBe(false);
  expect(isPending(writer.probe())).toBe(false);
});

it("refuses a batch while another one is on its way, and goes on with that", async () => {
  const { writer, unit, path } = await openWriterBench({
    modules: [lab],
    executorOf: (connection) => createLaterExecutor(createSqliteExecutor(connection)),
  });
  const first = writer.applyBatch([unit([put("a")])], []);
  await expect((async () => writer.applyBatch([unit([put("b")])], []))()).rejects.toThrow(TypeError);
  expect(await first).toMatchObject({ firstSeq: 1, lastSeq: 1 });
  expect(countRows(path, "lab_rows")).toBe(1);
  expect(await writer.applyBatch([unit([put("b")])], [])).toMatchObject({ firstSeq: 2 });
});

describe("while a batch is on its way", () => {
  it("writes nothing else, and keeps what comes in for the next batch", async () => {
    const { send, loop, gate, path } = await openGatedBench("commit");
    const first = send(put("a"));
    const flushed = loop.flush();
    await gate.reached();
    const second = send(put("b"));
    const flushedAgain = loop.flush();
    const before = gate.calls.length;
    for (let turns = 0; turns < 5; turns += 1) await turn();
    expect(gate.calls.length).toBe(before);
    expect(countRows(path, "lab_rows")).toBe(0);
    expect(loop.health()).toEqual({ status: "ok" });
    gate.open();
    await Promise.all([flushed, flushedAgain]);
    expect(await Promise.all([first, second])).toEqual([
      [{ seq: 1, changed: true }],
      [{ seq: 2, changed: true }],
    ]);
    expect(gate.calls.filter((call) => call === "commit").length).toBe(2);
  });

  it("stops after it, and acknowledges it and what waits", async () => {
    const { send, loop, gate, clock, path } = await openGatedBench("commit");
    const first = send(put("a"));
    void loop.flush();
    await gate.reached();
    const second = send(put("b"));
    let isStopped = false;
    const stopped = loop.stop(1_000).then(() => {
      isStopped = true;
    });
    for (let turns = 0; turns < 5; turns += 1) await turn();
    expect(isStopped).toBe(false);
    gate.open();
    await stopped;
    expect(await Promise.all([first, second])).toHaveLength(2);
    expect(clock.timers).toBe(0);
    expect(countRows(path, "lab_rows")).toBe(2);
    expect(loop.health()).toEqual({ status: "stopped" });
  });

  it("stops only when a batch has been tried again that came back, because the database was locked", async () => {
    const { send, loop, gate, clock, connection, path } = await openGatedBench("begin");
    const sent = send(put("a"));
    void loop.flush();
    await gate.reached();
    const other = openRaw(path, { timeoutMs: 0 });
    other.exec("begin immediate");
    const stopped = loop.stop();
    gate.open();
    while (loop.health().status !== "degraded") await turn();
    other.close();
    clock.advance(5);
    await stopped;
    expect(await sent).toEqual([{ seq: 1, changed: true }]);
    expect(connection.database.inTransaction).toBe(false);
  });

  it("stops within its bound though the storage stays silent, and says what nobody can know", async () => {
    const { send, loop, gate, clock, reopened } = await openGatedBench("commit");
    const first = send(put("a"));
    void loop.flush();
    await gate.reached();
    const second = send(put("b"));
    const stopped = loop.stop(1_000);
    clock.advance(999);
    await turn();
    expect(loop.health()).toEqual({ status: "ok" });
    clock.advance(1);
    await stopped;
    expect(await rejection(first)).toMatchObject({
      code: "ATLAS_CORE_STORAGE_FAILED",
      retryable: true,
      message: expect.stringContaining("gave no answer for 1000 ms"),
      details: { outcome: "unknown" },
    });
    expect(await rejection(second)).toMatchObject({ details: { outcome: "not applied" } });
    expect(loop.health()).toEqual({ status: "stopped" });
    expect(reopened()).toBe(0);
  });

  it("bounds a batch that begins when the time to stop is over", async () => {
    const { send, loop, gate, clock } = await openGatedBench("begin");
    gate.open();
    await send(put("a"));
    gate.close();
    const late = send(put("b"));
    const stopped = loop.stop(0);
    await turn();
    clock.advance(0);
    await stopped;
    expect(await rejection(late)).toMatchObject({ code: "ATLAS_CORE_STORAGE_FAILED" });
  });

  it("does not look for its file, which it would call lost before the batch is settled", async () => {
    const gate = createGate("commit");
    const store = await openStore({ modules: [lab] }, (connection) =>
      createLaterExecutor(createSqliteExecutor(connection), gate),
    );
    const sent = store.commands.enqueue({ type: "lab.put", id: "a" });
    await gate.reached();
    rmSync(store.path);
    expect(store.health()).toEqual({ status: "ok" });
    gate.open();
    expect(await sent).toEqual({ seq: 1, changed: true });
    expect(store.health()).toMatchObject({ status: "failed" });
  });
});

describe("when the storage does not answer", () => {
  it.each(["begin", "run", "insert", "commit"] as const)(
    "gives up at %s after its deadline, opens the file again and goes on",
    async (at) => {
      const { send, loop, gate, clock, reopened, path } = await openGatedBench(at, {
        storageDeadlineMs: 500,
      });
      const first = send(put("a"));
      const flushed = loop.flush();
      await gate.reached();
      const behind = send(put("b"));
      clock.advance(499);
      await turn();
      expect(reopened()).toBe(0);
      clock.advance(1);
      await flushed;
      expect(await rejection(first)).toMatchObject({
        code: "ATLAS_CORE_STORAGE_FAILED",
        details: { outcome: "unknown" },
      });
      expect(await rejection(behind)).toMatchObject({ details: { outcome: "not applied" } });
      expect(reopened()).toBe(1);
      expect(loop.health()).toEqual({ status: "ok" });
      expect(countRows(path, "lab_rows")).toBe(0);
    },
  );

  it("takes no notice of an answer that comes after that, from a connection that is closed", async () => {
    const gate = createGate("commit");
    const clock = createFakeClock("2026-11-21T09:00:00.000Z");
    const store = await openStore({ modules: [lab], clock, storageDeadlineMs: 500 }, (connection) =>
      createLaterExecutor(createSqliteExecutor(connection), gate),
    );
    const first = store.commands.enqueue({ type: "lab.put", id: "a" });
    await gate.reached();
    clock.advance(500);
    expect(await rejection(first)).toMatchObject({ details: { outcome: "unknown" } });
    gate.open();
    expect(await store.commands.enqueue({ type: "lab.put", id: "b" })).toEqual({ seq: 1, changed: true });
    expect(readRows(store.path, "select id from lab_rows")).toEqual([{ id: "b" }]);
    expect(await store.verify()).toMatchObject({ status: "verified", commands: 1 });
  });

  it("does not wait for ever either while it finds out whether the storage works again", async () => {
    const { send, loop, gate, clock, path, reopened } = await openGatedBench("commit", {
      storageDeadlineMs: 500,
    });
    const other = openRaw(path, { timeoutMs: 0 });
    other.exec("begin immediate");
    const sent = send(put("a"));
    await loop.flush();
    clock.advance(501);
    expect((await rejection(sent)).code).toBe("ATLAS_CORE_STORAGE_BUSY");
    other.close();
    const probed = gate.reached();
    // Nothing waits any more, so the loop looks by itself after a while.
    clock.advance(1_000);
    await probed;
    clock.advance(500);
    await expect.poll(reopened).toBe(1);
    expect(loop.health()).toEqual({ status: "ok" });
  });

  it("needs no time of its own where it answers: its deadline ends with the answer", async () => {
    const { send, loop, gate, clock } = await openGatedBench("commit", { storageDeadlineMs: 500 });
    const first = send(put("a"));
    const flushed = loop.flush();
    await gate.reached();
    clock.advance(400);
    gate.open();
    await flushed;
    expect(await first).toEqual([{ seq: 1, changed: true }]);
    gate.close();
    const second = send(put("b"));
    const flushedAgain = loop.flush();
    await gate.reached();
    clock.advance(400);
    await turn();
    expect(loop.health()).toEqual({ status: "ok" });
    gate.open();
    await flushedAgain;
    expect(await second).toEqual([{ seq: 2, changed: true }]);
    expect(clock.timers).toBe(0);
  });

  it("waits on however long its deadline is, though no timer is that long", async () => {
    const delays: number[] = [];
    const clock: Clock = {
      ...systemClock,
      after: (delayMs, callback) => {
        delays.push(delayMs);
        return systemClock.after(delayMs, callback);
      },
    };
    const patience = createStoragePatience({ clock, deadlineMs: Number.POSITIVE_INFINITY });
    expect(await patience.wait(turn("an answer"))).toBe("an answer");
    expect(delays).toEqual([2 ** 31 - 1]);
  });

  it("only reads when opening the file again gives no answer either", async () => {
    const never = new Promise<Writer>(() => undefined);
    const { send, loop, gate, clock } = await openGatedBench("commit", {
      storageDeadlineMs: 500,
      reopen: () => never,
    });
    const first = send(put("a"));
    const flushed = loop.flush();
    await gate.reached();
    clock.advance(500);
    await turn();
    clock.advance(500);
    await flushed;
    await rejection(first);
    expect(loop.health()).toMatchObject({ status: "failed" });
    expect(await rejection(send(put("b")))).toMatchObject({ details: { outcome: "not applied" } });
  });

  it("takes the writer that an opening promises", async () => {
    let open: (writer: Writer) => void = () => undefined;
    const reopening = new Promise<Writer>((resolve) => {
      open = resolve;
    });
    const bench = await openGatedBench("commit", { storageDeadlineMs: 500, reopen: () => reopening });
    const first = bench.send(put("a"));
    const flushed = bench.loop.flush();
    await bench.gate.reached();
    bench.gate.close();
    bench.gate.open();
    bench.clock.advance(500);
    await rejection(first);
    const next = bench.send(put("b"));
    open(bench.newWriter());
    await flushed;
    expect(bench.loop.health()).toEqual({ status: "ok" });
    expect(await next).toEqual([{ seq: 1, changed: true }]);
  });
});
