import { expect, it, onTestFinished } from "vitest";
import { onPrepare } from "../../../../test/support/test-driver.ts";
import { createReplayPace } from "../../src/history/replay-pace.ts";
import { writeHistory } from "../support/history.ts";
import { openStore } from "../support/open-store.ts";

const commands = (type: string, count: number) => Array.from({ length: count }, () => ({ type }));

it("sends a command of a new type alone, and then as many as fit into ten milliseconds", () => {
  const pace = createReplayPace();
  const upserts = commands("upsert", 1_000);
  expect(pace.next(upserts)).toBe(1);
  pace.measured(commands("upsert", 1), 0.1);
  expect(pace.next(upserts)).toBe(100);
  expect(pace.next(upserts.slice(0, 7))).toBe(7);
  expect(pace.next([...commands("upsert", 3), ...commands("prune", 5)])).toBe(3);
});

it("sends expensive commands one at a time among many cheap ones", () => {
  const pace = createReplayPace();
  pace.measured(commands("upsert", 1), 0.02);
  pace.measured(commands("prune", 1), 9.5);
  const mixed = [...commands("upsert", 10), ...commands("prune", 3)];
  expect(pace.next(mixed)).toBe(11);
  expect(pace.next(commands("prune", 3))).toBe(1);
  pace.measured(commands("prune", 1), 30);
  expect(pace.next(mixed)).toBe(10);
});

it("learns when a type gets cheaper or more expensive, and never expects nothing", () => {
  const pace = createReplayPace();
  pace.measured(commands("mark", 1), 2);
  expect(pace.next(commands("mark", 9))).toBe(5);
  pace.measured(commands("mark", 5), 40);
  expect(pace.next(commands("mark", 9))).toBe(1);
  pace.measured(commands("mark", 1), 1);
  expect(pace.next(commands("mark", 90))).toBe(10);
  pace.measured(commands("mark", 10), 0);
  expect(pace.next(commands("mark", 90_000))).toBe(10_000);
});

/** Counts the transactions of replays from here on. */
function countingReplays(): () => number {
  let begun = 0;
  const stop = onPrepare((sql, { name }, statement) => {
    if (sql !== "begin immediate" || !name.endsWith("replay.db")) return;
    const { run } = statement;
    statement.run = () => {
      begun += 1;
      return Reflect.apply(run, statement, []);
    };
  });
  onTestFinished(stop);
  return () => begun;
}

it("is kept by a verify: the first command of each type is a transaction of its own", async () => {
  const store = await openStore();
  await writeHistory(store);
  const types = new Set((await store.repo.listJournal()).items.map(({ type }) => type));
  const begun = countingReplays();
  expect(await store.verify()).toMatchObject({ status: "verified" });
  expect(begun()).toBeGreaterThanOrEqual(types.size);
});
