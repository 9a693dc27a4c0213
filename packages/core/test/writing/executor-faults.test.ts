import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { type AnyCommand, type Committed, isCoreError } from "../../src/index.ts";
import { createSqliteExecutor } from "../../src/writing/sqlite-executor.ts";
import { type FlushBench, openFlushBench } from "../support/flush-bench.ts";
import { lab } from "../support/lab.ts";
import { createLaterExecutor, type ExecutorCall } from "../support/later-executor.ts";
import { readRows } from "../support/read-file.ts";

// Every call that a batch makes to its executor fails once, in every way, and nothing that was acknowledged may be missing.

/** Units that make an executor do all that it can: several statements, refusals, an id, and a look at the log itself. */
const batchOf = (round: string): readonly (readonly AnyCommand[])[] => [
  [{ type: "lab.put", id: `${round}/a` }],
  [
    { type: "lab.put", id: `${round}/b` },
    { type: "lab.take", id: `${round}/a` },
  ],
  [
    { type: "lab.put", id: `${round}/c` },
    { type: "lab.refuse", id: "missing" },
  ],
  [{ type: "lab.putTwice", id: `${round}/d` }],
  [{ type: "domainEvent.markDelivered", id: "evt_lab00000_1", through_seq: 1_000_000 }],
  [{ type: "entity.upsert", entity: { id: round, type: "note" } }],
];
const committed = ["changed", "changed", "LAB_NO_ROW", "ATLAS_CORE_CONSTRAINT", "changed", "changed"];

/** A bench whose executor can be told to fail at one of its calls. */
async function openFaultyBench() {
  const calls: ExecutorCall[] = [];
  /** Which of the calls had their effect. One statement of the batch violates a constraint. */
  const answered = new Set<number>();
  let strike: { readonly at: number; readonly moment: "before" | "after"; readonly error: Error } | undefined;
  const hook = (moment: "before" | "after"): void => {
    if (strike === undefined || strike.moment !== moment || calls.length - 1 !== strike.at) return;
    const { error } = strike;
    strike = undefined;
    throw error;
  };
  const bench = await openFlushBench({
    modules: [lab],
    executorOf: (connection) =>
      createLaterExecutor(createSqliteExecutor(connection), {
        before(call) {
          calls.push(call);
          hook("before");
        },
        after() {
          answered.add(calls.length - 1);
          hook("after");
        },
      }),
  });
  return {
    ...bench,
    calls,
    answered,
    strikeAt(at: number, moment: "before" | "after", error: Error) {
      calls.length = 0;
      strike = { at, moment, error };
    },
    hasStruck: () => strike === undefined,
  };
}

/** Sends the units in one batch, and passes time until each has its result. */
async function sendAll(
  { send, loop, clock }: FlushBench,
  units: readonly (readonly AnyCommand[])[],
): Promise<readonly string[]> {
  const results = Promise.all(
    units.map((commands) => send(...commands).then(told, (error: unknown) => codeOf(error))),
  );
  let isDone = false;
  void results.finally(() => {
    isDone = true;
  });
  await loop.flush();
  for (let left = 1_000; !isDone; left -= 1) {
    expect(left, "turns until everything was settled").toBeGreaterThan(0);
    clock.advance(100);
    await turn();
  }
  return results;
}

function told(receipts: readonly Committed[]): string {
  return receipts.some(({ changed }) => changed) ? "changed" : "nothing changed";
}

function codeOf(error: unknown): string {
  if (!isCoreError(error)) throw error;
  const { outcome } = error.details as { readonly outcome?: string };
  return outcome === undefined ? error.code : `${error.code}: ${outcome}`;
}

const rowsOf = (path: string, round: string): readonly unknown[] =>
  readRows(path, `select id from lab_rows where id like '${round}/%' order by id`).map(
    (row) => (row as { id: string }).id,
  );
const left = (round: string): readonly string[] => [`${round}/b`];

function expectWhole(path: string): void {
  const journal = readRows<{ seq: number }>(path, "select seq from journal order by seq");
  expect(journal.map(({ seq }) => seq)).toEqual(journal.map((_, index) => index + 1));
  const events = readRows<{ seq: number; command_seq: number }>(
    path,
    "select seq, command_seq from domain_events order by seq",
  );
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
  for (const { command_seq } of events) expect(command_seq).toBeLessThanOrEqual(journal.length);
}

const sqliteError = (code: string): Error => Object.assign(new Error(`Struck with ${code}.`), { code });

/** How many calls the batch makes where nothing fails. */
async function callsOfBatch(
  bench: Awaited<ReturnType<typeof openFaultyBench>>,
): Promise<readonly ExecutorCall[]> {
  bench.calls.length = 0;
  bench.answered.clear();
  expect(await sendAll(bench, batchOf("calm"))).toEqual(committed);
  expect(rowsOf(bench.path, "calm")).toEqual(left("calm"));
  return [...bench.calls];
}

it("makes every kind of call in this batch", async () => {
  const bench = await openFaultyBench();
  expect(new Set(await callsOfBatch(bench))).toEqual(
    new Set(["begin", "beginUnit", "run", "get", "endUnit", "undoUnit", "insert", "commit"]),
  );
});

it.each(["SQLITE_BUSY", "SQLITE_FULL"])(
  "holds the batch when any call fails with %s, and commits all of it later",
  async (code) => {
    const bench = await openFaultyBench();
    const calls = await callsOfBatch(bench);
    for (const at of calls.keys()) {
      const round = `${code}-${at}`;
      bench.strikeAt(at, "before", sqliteError(code));
      expect(await sendAll(bench, batchOf(round)), `${round}, ${calls[at]}`).toEqual(committed);
      expect(bench.hasStruck()).toBe(true);
      expect(rowsOf(bench.path, round)).toEqual(left(round));
    }
    expect(bench.reopened()).toBe(0);
    expectWhole(bench.path);
  },
);

it("rejects the batch when any call fails for good, and leaves nothing of it; only the commit's outcome is unknown", async () => {
  const bench = await openFaultyBench();
  const calls = await callsOfBatch(bench);
  for (const at of calls.keys()) {
    const round = `io-${at}`;
    const outcome = calls[at] === "commit" ? "unknown" : "not applied";
    bench.strikeAt(at, "before", sqliteError("SQLITE_IOERR_WRITE"));
    expect(await sendAll(bench, batchOf(round)), `${round}, ${calls[at]}`).toEqual(
      committed.map(() => `ATLAS_CORE_STORAGE_FAILED: ${outcome}`),
    );
    expect(rowsOf(bench.path, round)).toEqual([]);
    // Opened again, it takes the same units.
    expect(await sendAll(bench, batchOf(round))).toEqual(committed);
    expect(bench.reopened()).toBe(at + 1);
  }
  expectWhole(bench.path);
});

it("rejects the batch when the answer to any call is lost, and says so of a commit that has happened", async () => {
  const bench = await openFaultyBench();
  const calls = await callsOfBatch(bench);
  for (const at of [...bench.answered]) {
    const round = `lost-${at}`;
    const isCommit = calls[at] === "commit";
    bench.strikeAt(at, "after", sqliteError("SQLITE_IOERR_FSYNC"));
    expect(await sendAll(bench, batchOf(round)), `${round}, ${calls[at]}`).toEqual(
      committed.map(() => `ATLAS_CORE_STORAGE_FAILED: ${isCommit ? "unknown" : "not applied"}`),
    );
    expect(rowsOf(bench.path, round)).toEqual(isCommit ? left(round) : []);
    expect(await sendAll(bench, [[{ type: "lab.put", id: `${round}/next` }]])).toEqual(["changed"]);
  }
  expectWhole(bench.path);
});

it("never acknowledges what is not in the file when a call fails in a way that nobody knows", async () => {
  const bench = await openFaultyBench();
  const calls = await callsOfBatch(bench);
  for (const at of calls.keys()) {
    const round = `odd-${at}`;
    bench.strikeAt(at, "before", new RangeError("Struck."));
    const [first, second] = await sendAll(bench, batchOf(round));
    const there = new Set(rowsOf(bench.path, round));
    const isTaken = second === "changed";
    expect(there.has(`${round}/b`), `${round}, ${calls[at]}`).toBe(isTaken);
    expect(there.has(`${round}/a`), `${round}, ${calls[at]}`).toBe(first === "changed" && !isTaken);
    expect(await sendAll(bench, [[{ type: "lab.put", id: `${round}/next` }]])).toEqual(["changed"]);
  }
  expectWhole(bench.path);
});

it("gives up the connection when a batch cannot be rolled back, whatever went wrong before", async () => {
  const bench = await openFaultyBench();
  const calls = await callsOfBatch(bench);
  for (const call of ["begin", "run", "commit"] as const) {
    const at = calls.indexOf(call);
    bench.strikeAt(at, "before", sqliteError("SQLITE_BUSY"));
    // The call after the one that failed is the rollback.
    const strikeAgain = async (): Promise<void> => {
      while (!bench.hasStruck()) await turn();
      bench.strikeAt(0, "before", sqliteError("SQLITE_IOERR"));
    };
    const [results] = await Promise.all([sendAll(bench, batchOf(`rollback-${call}`)), strikeAgain()]);
    expect(new Set(results), call).toEqual(
      new Set([`ATLAS_CORE_STORAGE_FAILED: ${call === "commit" ? "unknown" : "not applied"}`]),
    );
    expect(rowsOf(bench.path, `rollback-${call}`)).toEqual([]);
    expect(await sendAll(bench, batchOf(`after-${call}`))).toEqual(committed);
  }
  expectWhole(bench.path);
});
