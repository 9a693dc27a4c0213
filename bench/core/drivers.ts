import { join } from "node:path";
import { createStore } from "@atlas/core";
import { createLine, type Report } from "../line.ts";
import { batchesPerSecond, fill, rawLane, storeLane } from "./lane.ts";
import { openRaw } from "./raw-database.ts";

const ROUNDS = 9;
const ROWS_BEFORE = 10_000;
const batches = [
  { batch: 100, batchesPerSlice: 20 },
  { batch: 1_000, batchesPerSlice: 3 },
] as const;

/** The write path on node:sqlite, in turns with the same library by hand and with the write path on better-sqlite3. */
export async function benchDrivers(folder: string, report: Report): Promise<void> {
  const driver = "node:sqlite";
  const path = (name: string): string => join(folder, `driver-${name}.db`);
  await using betterOff = await createStore({ database: path("better-off"), journal: false });
  await using betterOn = await createStore({ database: path("better-on") });
  await using nodeOff = await createStore({ database: path("node-off"), journal: false, driver });
  await using nodeOn = await createStore({ database: path("node-on"), driver });
  using raw = await openRaw(path("raw"), { journal: false, driver });
  using rawJournal = await openRaw(path("raw-journal"), { journal: true, driver });
  const lanes = {
    betterOff: storeLane(betterOff),
    betterOn: storeLane(betterOn),
    nodeOff: storeLane(nodeOff),
    nodeOn: storeLane(nodeOn),
    raw: rawLane(raw),
    rawJournal: rawLane(rawJournal),
  };
  for (const lane of Object.values(lanes)) await fill(lane, ROWS_BEFORE);
  for (const { batch, batchesPerSlice } of batches) {
    const found = await batchesPerSecond(lanes, { rounds: ROUNDS, batch, batchesPerSlice });
    const line = (
      journal: "on" | "off",
      ours: readonly number[],
      [reference, referenceValues]: readonly [string, readonly number[]],
    ): void =>
      report(
        createLine({
          bench: "core",
          metric: `commands/s, batch ${batch.toLocaleString("en")}, journal ${journal}, ${driver}`,
          unit: "1/s",
          ours,
          reference,
          referenceValues,
          durability: "FULL",
        }),
      );
    line("off", found.nodeOff, ["raw node:sqlite", found.raw]);
    line("on", found.nodeOn, ["raw node:sqlite", found.raw]);
    line("on", found.nodeOn, ["raw with journal row", found.rawJournal]);
    line("off", found.nodeOff, ["Atlas, better-sqlite3", found.betterOff]);
    line("on", found.nodeOn, ["Atlas, better-sqlite3", found.betterOn]);
  }
}
