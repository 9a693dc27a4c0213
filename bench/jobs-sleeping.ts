import { join } from "node:path";
import { createBenchFolder } from "./folder.ts";
import { openAtlas } from "./jobs/atlas.ts";
import { lineOf } from "./jobs/line.ts";
import type { Report } from "./line.ts";
import { measure, percentile } from "./measure.ts";

const ROUNDS = 5;
const SLICES = 2;
const SLEEPING_JOBS = 100_000;
const JOBS = 100;
const CONCURRENCY = 10;

/** What jobs that are due later cost the job that is created now. */
export async function benchJobsSleeping(report: Report): Promise<void> {
  using folder = createBenchFolder();
  const many = await openAtlas(join(folder.path, "many.db"), { journal: true });
  const none = await openAtlas(join(folder.path, "none.db"), { journal: true });
  try {
    await many.fillWithSleeping(SLEEPING_JOBS);
    const rounds = await measure(
      {
        many: { slice: () => many.latencies(JOBS, CONCURRENCY) },
        none: { slice: () => none.latencies(JOBS, CONCURRENCY) },
      },
      { rounds: ROUNDS, slices: SLICES },
    );
    for (const percent of [50, 99])
      report(
        lineOf(
          `create to start p${percent}, beside 100,000 sleeping jobs, journal on`,
          "ms",
          percentile(rounds.many, percent),
          {
            name: "itself, beside none",
            durability: "FULL",
            values: percentile(rounds.none, percent),
          },
        ),
      );
  } finally {
    await many.close();
    await none.close();
  }
}
