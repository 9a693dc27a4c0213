import { join } from "node:path";
import { createBenchFolder } from "./folder.ts";
import { type AtlasLane, openAtlas } from "./jobs/atlas.ts";
import { lineOf, time } from "./jobs/line.ts";
import type { Report } from "./line.ts";
import { type Contestant, measure, perSecond } from "./measure.ts";

const ROUNDS = 5;
const SLICES = 2;
const PRODUCERS = 100;
const LIMIT = 10;
const CONCURRENCY = 100;
const QUEUED_JOBS = 100_000;
const JOBS = 2_000;

/** What a long queue costs a workflow with a limit of its own, against a runner of that many slots whose workflow has none. */
export async function benchJobsLimited(report: Report): Promise<void> {
  using folder = createBenchFolder();
  for (const journal of [true, false]) {
    const state = journal ? "on" : "off";
    const limited = await openAtlas(join(folder.path, `limited-${state}.db`), { journal, limit: LIMIT });
    const unlimited = await openAtlas(join(folder.path, `unlimited-${state}.db`), { journal });
    try {
      for (const lane of [limited, unlimited]) await lane.create(QUEUED_JOBS, PRODUCERS);
      const rounds = await measure(
        { limited: contestant(limited, CONCURRENCY), unlimited: contestant(unlimited, LIMIT) },
        { rounds: ROUNDS, slices: SLICES },
      );
      report(
        lineOf(
          `process jobs/s, workflow limit ${LIMIT} of c=${CONCURRENCY}, 100,000 queued, journal ${state}`,
          "1/s",
          perSecond(rounds.limited, JOBS),
          {
            name: `itself, no workflow limit, c=${LIMIT}`,
            durability: "FULL",
            values: perSecond(rounds.unlimited, JOBS),
          },
        ),
      );
    } finally {
      await limited.close();
      await unlimited.close();
    }
  }
}

/** The queue stays as long as it was. */
function contestant(lane: AtlasLane, concurrency: number): Contestant {
  return {
    slice: async () => {
      const duration = await time(() => lane.processSome(JOBS, concurrency));
      await lane.create(JOBS, PRODUCERS);
      return [duration];
    },
  };
}
