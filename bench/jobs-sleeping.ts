import { lineOf } from "./jobs/line.ts";
import { measurePair } from "./jobs/pair.ts";
import type { Report } from "./line.ts";
import { percentile } from "./measure.ts";

const SLEEPING_JOBS = 100_000;
const JOBS = 100;
const CONCURRENCY = 10;

/** What jobs that are due later cost the job that is created now. */
export async function benchJobsSleeping(report: Report): Promise<void> {
  const { ours, reference } = await measurePair({
    journal: true,
    fill: (lanes) => lanes.ours.fillWithSleeping(SLEEPING_JOBS),
    slice: (lane) => lane.latencies(JOBS, CONCURRENCY),
  });
  for (const percent of [50, 99])
    report(
      lineOf(
        `create to start p${percent}, beside 100,000 sleeping jobs, journal on`,
        "ms",
        percentile(ours, percent),
        { name: "itself, beside none", durability: "FULL", values: percentile(reference, percent) },
      ),
    );
}
