import { join } from "node:path";
import { createStore } from "@atlas/core";
import { benchDrivers } from "./core/drivers.ts";
import { benchEventLoop } from "./core/event-loop.ts";
import { benchHistory } from "./core/history.ts";
import {
  batchesPerSecond,
  fill,
  type Lane,
  type Lanes,
  rawLane,
  storeLane,
  time,
  timeLone,
} from "./core/lane.ts";
import { benchMemory } from "./core/memory.ts";
import { openRaw } from "./core/raw-database.ts";
import { benchSeams } from "./core/seams.ts";
import type { EntityUpsert } from "./core/workload.ts";
import { createBenchFolder } from "./folder.ts";
import { createLine, type Report, type Unit } from "./line.ts";
import { type Contestant, measure, percentile, perSecond } from "./measure.ts";

const ROUNDS = 9;
const ROWS_BEFORE = 10_000;
const PRODUCERS = 100;

/**
 * The write path against better-sqlite3 by hand: whole batches, a lone caller, and 100 callers at once; then what it does
 * to the event loop, what the second driver brings, what the journal allows, what the seams for extensions cost, and what a full queue weighs.
 */
export async function benchCore(report: Report): Promise<void> {
  using folder = createBenchFolder();
  await using off = await createStore({ database: join(folder.path, "off.db"), journal: false });
  await using on = await createStore({ database: join(folder.path, "on.db"), journal: true });
  using raw = await openRaw(join(folder.path, "raw.db"), { journal: false });
  using rawJournal = await openRaw(join(folder.path, "raw-journal.db"), { journal: true });
  const lanes: Lanes = {
    off: storeLane(off),
    on: storeLane(on),
    raw: rawLane(raw),
    rawJournal: rawLane(rawJournal),
  };
  for (const lane of Object.values(lanes)) await fill(lane, ROWS_BEFORE);
  await benchBatches(lanes, { batch: 100, batchesPerSlice: 20, report });
  await benchBatches(lanes, { batch: 1_000, batchesPerSlice: 3, report });
  await benchDrivers(folder.path, report);
  await benchLone(lanes, report);
  await benchProducers(lanes, report);
  await benchEventLoop(lanes.on, report);
  await benchHistory(folder.path, report);
  await benchSeams(folder.path, report);
  await benchMemory(folder.path, report);
}

async function benchBatches(
  lanes: Lanes,
  options: { readonly batch: number; readonly batchesPerSlice: number; readonly report: Report },
): Promise<void> {
  const { batch, batchesPerSlice, report } = options;
  const figures = await batchesPerSecond(lanes, { rounds: ROUNDS, batch, batchesPerSlice });
  const { off, on } = figures;
  const raw = { name: "raw better-sqlite3", values: figures.raw };
  const rawJournal = { name: "raw with journal row", values: figures.rawJournal };
  const metric = `commands/s, batch ${batch.toLocaleString("en")}`;
  report(lineOf(`${metric}, journal off`, "1/s", off, raw));
  report(lineOf(`${metric}, journal on`, "1/s", on, raw));
  report(lineOf(`${metric}, journal on`, "1/s", on, rawJournal));
}

/** The same work for each of the four lanes. */
function inEachLane(
  lanes: Lanes,
  work: (lane: Lane) => ReturnType<Contestant["slice"]>,
): Record<keyof Lanes, Contestant> {
  const contestant = (lane: Lane): Contestant => ({ slice: () => work(lane) });
  return {
    off: contestant(lanes.off),
    on: contestant(lanes.on),
    raw: contestant(lanes.raw),
    rawJournal: contestant(lanes.rawJournal),
  };
}

async function benchLone(lanes: Lanes, report: Report): Promise<void> {
  const contestants = inEachLane(lanes, (lane) => timeLone(lane, 50));
  const rounds = await measure(contestants, { rounds: ROUNDS, slices: 10 });
  for (const percent of [50, 99]) {
    const off = percentile(rounds.off, percent);
    const on = percentile(rounds.on, percent);
    const raw = { name: "raw commit", values: percentile(rounds.raw, percent) };
    const rawJournal = { name: "raw commit, journal row", values: percentile(rounds.rawJournal, percent) };
    report(lineOf(`lone enqueue p${percent}, journal off`, "ms", off, raw));
    report(lineOf(`lone enqueue p${percent}, journal on`, "ms", on, raw));
    report(lineOf(`lone enqueue p${percent}, journal on`, "ms", on, rawJournal));
  }
}

async function benchProducers(lanes: Lanes, report: Report): Promise<void> {
  const commandsEach = 20;
  const together = (lane: Lane): Contestant => ({
    slice: async () => {
      const shares = Array.from({ length: PRODUCERS }, () => lane.workload.take(commandsEach));
      const producers = async (): Promise<unknown> =>
        Promise.all(shares.map((share) => writeOneByOne(lane, share)));
      return [await time(producers)];
    },
  });
  const commitEach: Contestant = { slice: () => timeLone(lanes.raw, 200) };
  const rounds = await measure(
    { off: together(lanes.off), on: together(lanes.on), raw: commitEach },
    { rounds: ROUNDS, slices: 4 },
  );
  const commands = PRODUCERS * commandsEach;
  const raw = { name: "raw, a commit per command", values: perSecond(rounds.raw, 1) };
  report(lineOf("100 producers, journal off", "1/s", perSecond(rounds.off, commands), raw));
  report(lineOf("100 producers, journal on", "1/s", perSecond(rounds.on, commands), raw));
}

function lineOf(
  metric: string,
  unit: Unit,
  ours: readonly number[],
  reference: { readonly name: string; readonly values: readonly number[] },
) {
  return createLine({
    bench: "core",
    metric,
    unit,
    ours,
    reference: reference.name,
    referenceValues: reference.values,
    durability: "FULL",
  });
}

/** One producer: awaits each receipt before it sends the next command. */
async function writeOneByOne(lane: Lane, commands: readonly EntityUpsert[]): Promise<void> {
  for (const command of commands) await lane.writeOne(command);
}
