import { join } from "node:path";
import { createStore } from "@atlas/core";
import { fill, type Lane, rawLane, storeLane, timeBatches } from "./core/lane.ts";
import { openRaw } from "./core/raw-database.ts";
import { createBenchFolder } from "./folder.ts";
import { createLine, type Report } from "./line.ts";
import { type Contestant, measure, perSecond } from "./measure.ts";

const ROUNDS = 9;
const BATCH = 100;
const FEW_ROWS = 10_000;
const MANY_ROWS = 1_000_000;

/** What a large file costs: ids that were written lately against a small file, and ids from anywhere against raw. */
export async function benchCoreGrowth(report: Report): Promise<void> {
  using folder = createBenchFolder();
  await using small = await createStore({ database: join(folder.path, "small.db"), journal: false });
  await using large = await createStore({ database: join(folder.path, "large.db"), journal: false });
  using rawLarge = await openRaw(join(folder.path, "raw-large.db"), { journal: false });
  const lanes = { small: storeLane(small), large: storeLane(large), rawLarge: rawLane(rawLarge) };
  await fill(lanes.small, FEW_ROWS);
  // Half of the commands are of ids that are there already.
  await fill(lanes.large, 2 * MANY_ROWS);
  await fill(lanes.rawLarge, 2 * MANY_ROWS);

  const recent = await measureLanes(lanes, undefined);
  const random = await measureLanes(lanes, MANY_ROWS);
  report(lineOf("1 M rows, recent ids", recent.large, { name: "10 k rows", values: recent.small }));
  report(lineOf("1 M rows, recent ids", recent.large, { name: "raw, 1 M rows", values: recent.rawLarge }));
  report(lineOf("1 M rows, random ids", random.large, { name: "raw, 1 M rows", values: random.rawLarge }));
}

/** Commands a second of each lane, in batches, with ids picked among the newest `among`. */
async function measureLanes<Name extends string>(
  lanes: Readonly<Record<Name, Lane>>,
  among: number | undefined,
): Promise<Readonly<Record<Name, readonly number[]>>> {
  const entries = Object.entries<Lane>(lanes);
  const contestants = Object.fromEntries(
    entries.map(([name, lane]): [string, Contestant] => [
      name,
      {
        slice: () =>
          timeBatches(lane, { batches: 20, batch: BATCH, ...(among === undefined ? {} : { among }) }),
      },
    ]),
  );
  const rounds = await measure(contestants, { rounds: ROUNDS, slices: 4 });
  const figures = entries.map(([name]) => [name, perSecond(rounds[name] ?? [], BATCH)]);
  // One entry for each lane.
  return Object.fromEntries(figures) as Record<Name, readonly number[]>;
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
