import { lineOf, time } from "./jobs/line.ts";
import { measurePair } from "./jobs/pair.ts";
import type { Report } from "./line.ts";
import { perSecond } from "./measure.ts";

const PRODUCERS = 100;
const CONCURRENCY = 100;
const FINISHED_JOBS = 1_000_000;
const JOBS = 2_000;

/** What a million finished jobs that are kept cost, against none. */
export async function benchJobsKept(report: Report): Promise<void> {
  for (const journal of [true, false]) {
    const { ours, reference } = await measurePair({
      journal,
      fill: (lanes) => lanes.ours.fillWithFinished(FINISHED_JOBS),
      slice: async (lane) => {
        await lane.create(JOBS, PRODUCERS);
        return [await time(() => lane.process(CONCURRENCY))];
      },
    });
    report(
      lineOf(
        `process jobs/s, c=${CONCURRENCY}, 1 M kept, journal ${journal ? "on" : "off"}`,
        "1/s",
        perSecond(ours, JOBS),
        { name: "itself, none kept", durability: "FULL", values: perSecond(reference, JOBS) },
      ),
    );
  }
}
