import { join } from "node:path";
import { createBenchFolder } from "../folder.ts";
import { measure, type Rounds } from "../measure.ts";
import { type AtlasLane, openAtlas } from "./atlas.ts";

/** A database with what is measured, and one without it. */
export interface Pair<Of> {
  readonly ours: Of;
  readonly reference: Of;
}

const ROUNDS = 5;
const SLICES = 2;

/** Opens a pair of databases in a folder of their own, lets both take turns, and removes them. */
export async function measurePair(options: {
  readonly journal: boolean;
  /** The workflow's own limit in our database. Default: none. */
  readonly limit?: number;
  readonly fill: (pair: Pair<AtlasLane>) => Promise<void>;
  /** A short piece of the work; returns how long each operation took (ms). */
  readonly slice: (lane: AtlasLane, side: keyof Pair<AtlasLane>) => Promise<readonly number[]>;
}): Promise<Pair<Rounds>> {
  const { journal, limit, fill, slice } = options;
  using folder = createBenchFolder();
  const ours = await openAtlas(join(folder.path, "ours.db"), {
    journal,
    ...(limit === undefined ? {} : { limit }),
  });
  const reference = await openAtlas(join(folder.path, "reference.db"), { journal });
  try {
    await fill({ ours, reference });
    return await measure(
      {
        ours: { slice: () => slice(ours, "ours") },
        reference: { slice: () => slice(reference, "reference") },
      },
      { rounds: ROUNDS, slices: SLICES },
    );
  } finally {
    await ours.close();
    await reference.close();
  }
}
