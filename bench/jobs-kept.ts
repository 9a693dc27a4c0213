import { join } from "node:path";
import { createBenchFolder } from "./folder.ts";
import { openAtlas } from "./jobs/atlas.ts";
import type { JobLane } from "./jobs/lane.ts";
import { lineOf, time } from "./jobs/line.ts";
import type { Report } from "./line.ts";
import { type Contestant, measure, perSecond } from "./measure.ts";

const ROUNDS = 5;
const SLICES = 2;
const PRODUCERS = 100;
const CONCURRENCY = 100;
const FINISHED_JOBS = 1_000_000;

/** What a million finished jobs that are kept cost, against none. */
export async function benchJobsKept(report: Report): Promise<void> {
  using folder = createBenchFolder();
  for (const journal of [true, false]) {
    const state = journal ? "on" : "off";
    const kept = await openAtlas(join(folder.path, `kept-${state}.db`), { journal });
    const empty = await openAtlas(join(folder.path, `empty-${state}.db`), { journal });
    try {
      await kept.fillWithFinished(FINISHED_JOBS);
      const rounds = await measure(
        { kept: contestant(kept), empty: contestant(empty) },
        { rounds: ROUNDS, slices: SLICES },
      );
      report(
        lineOf(
          `process jobs/s, c=${CONCURRENCY}, 1 M kept, journal ${state}`,
          "1/s",
          perSecond(rounds.kept, kept.jobs),
          { name: "itself, none kept", durability: "FULL", values: perSecond(rounds.empty, empty.jobs) },
        ),
      );
    } finally {
      await kept.close();
      await empty.close();
    }
  }
}

function contestant(lane: JobLane): Contestant {
  return {
    slice: async () => {
      await lane.create(lane.jobs, PRODUCERS);
      return [await time(() => lane.process(CONCURRENCY))];
    },
  };
}
