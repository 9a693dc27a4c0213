import { lineOf, time } from "./jobs/line.ts";
import { measurePair } from "./jobs/pair.ts";
import type { Report } from "./line.ts";
import { perSecond } from "./measure.ts";

const PRODUCERS = 100;
const LIMIT = 10;
const CONCURRENCY = 100;
const QUEUED_JOBS = 100_000;
const JOBS = 2_000;

/** What a long queue costs a workflow with a limit of its own, against a runner of that many slots whose workflow has none. */
export async function benchJobsLimited(report: Report): Promise<void> {
  for (const journal of [true, false]) {
    const { ours, reference } = await measurePair({
      journal,
      limit: LIMIT,
      fill: async (lanes) => {
        for (const lane of [lanes.ours, lanes.reference]) await lane.create(QUEUED_JOBS, PRODUCERS);
      },
      slice: async (lane, side) => {
        const duration = await time(() => lane.processSome(JOBS, side === "ours" ? CONCURRENCY : LIMIT));
        // The queue stays as long as it was.
        await lane.create(JOBS, PRODUCERS);
        return [duration];
      },
    });
    report(
      lineOf(
        `process jobs/s, workflow limit ${LIMIT} of c=${CONCURRENCY}, 100,000 queued, journal ${journal ? "on" : "off"}`,
        "1/s",
        perSecond(ours, JOBS),
        {
          name: `itself, no workflow limit, c=${LIMIT}`,
          durability: "FULL",
          values: perSecond(reference, JOBS),
        },
      ),
    );
  }
}
