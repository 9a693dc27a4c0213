import { join } from "node:path";
import { createStore } from "@atlas/core";
import { batchesPerSecond, fill, rawLane, storeLane } from "./core/lane.ts";
import { openRaw } from "./core/raw-database.ts";
import { createBenchFolder } from "./folder.ts";
import { createLine, type Report } from "./line.ts";
import { benchGrownStart } from "./start/grown.ts";

const ROUNDS = 9;
const batches = { rounds: ROUNDS, batch: 100, batchesPerSlice: 20 } as const;
const FEW_ROWS = 10_000;
const MANY_ROWS = 1_000_000;

/**
 * What a large file costs: its start, then commands with ids that were written lately against a small file, and with ids from
 * anywhere against raw.
 */
export async function benchCoreGrowth(report: Report): Promise<void> {
  using folder = createBenchFolder();
  await benchGrownStart(folder.path, report);
  await using small = await createStore({ database: join(folder.path, "small.db"), journal: false });
  await using large = await createStore({ database: join(folder.path, "large.db"), journal: false });
  using rawLarge = await openRaw(join(folder.path, "raw-large.db"), { journal: false });
  const lanes = { small: storeLane(small), large: storeLane(large), rawLarge: rawLane(rawLarge) };
  await fill(lanes.small, FEW_ROWS);
  // Half of the commands are of ids that are there already.
  await fill(lanes.large, 2 * MANY_ROWS);
  await fill(lanes.rawLarge, 2 * MANY_ROWS);

  const recent = await batchesPerSecond(lanes, batches);
  const random = await batchesPerSecond(lanes, { ...batches, among: MANY_ROWS });
  report(lineOf("1 M rows, recent ids", recent.large, { name: "10 k rows", values: recent.small }));
  report(lineOf("1 M rows, recent ids", recent.large, { name: "raw, 1 M rows", values: recent.rawLarge }));
  report(lineOf("1 M rows, random ids", random.large, { name: "raw, 1 M rows", values: random.rawLarge }));
}

function lineOf(
  metric: string,
  ours: readonly number[],
  reference: { readonly name: string; readonly values: readonly number[] },
) {
  return createLine({
    bench: "core-growth",
    metric: `commands/s, ${metric}`,
    unit: "1/s",
    ours,
    reference: reference.name,
    referenceValues: reference.values,
    durability: "FULL",
  });
}
