import { join } from "node:path";
import { createBenchFolder } from "./folder.ts";
import { openAtlas } from "./jobs/atlas.ts";
import type { JobLane } from "./jobs/lane.ts";
import { lineOf, time } from "./jobs/line.ts";
import { openPeers, type Peer } from "./jobs/peers.ts";
import type { Report, Unit } from "./line.ts";
import { measure, percentile, perSecond, type Rounds } from "./measure.ts";

const ROUNDS = 5;
const SLICES = 1;
const PRODUCERS = 100;
const LATENCIES = 10;

interface Lanes {
  readonly ours: Readonly<Record<"on" | "off", JobLane>>;
  readonly peers: readonly Peer[];
}

/** No-op jobs, created with durable acknowledgement and processed to completion, against other queues. */
export async function benchJobs(report: Report): Promise<void> {
  using folder = createBenchFolder();
  const on = await openAtlas(join(folder.path, "on.db"), { journal: true });
  const off = await openAtlas(join(folder.path, "off.db"), { journal: false });
  const { peers, close } = await openPeers(folder.path);
  const lanes: Lanes = { ours: { on, off }, peers };
  try {
    for (const concurrency of [10, 100]) await benchProcessing(lanes, { concurrency, report });
    for (const concurrency of [10, 100]) await benchEndToEnd(lanes, { concurrency, report });
    await benchLatency(lanes, report);
  } finally {
    await close();
    await on.close();
    await off.close();
  }
}

async function benchProcessing(
  lanes: Lanes,
  { concurrency, report }: { readonly concurrency: number; readonly report: Report },
): Promise<void> {
  await benchLanes(lanes, {
    slice: async (lane) => {
      await lane.create(lane.jobs, PRODUCERS);
      return [await time(() => lane.process(concurrency))];
    },
    figure: (rounds, lane) => perSecond(rounds, lane.jobs),
    metrics: { [`process jobs/s, c=${concurrency}`]: "1/s" },
    report,
  });
}

async function benchEndToEnd(
  lanes: Lanes,
  { concurrency, report }: { readonly concurrency: number; readonly report: Report },
): Promise<void> {
  await benchLanes(lanes, {
    slice: async (lane) => [
      await time(() => lane.endToEnd({ count: lane.endToEndJobs, producers: PRODUCERS, concurrency })),
    ],
    figure: (rounds, lane) => perSecond(rounds, lane.endToEndJobs),
    metrics: { [`end to end jobs/s, ${PRODUCERS} producers, c=${concurrency}`]: "1/s" },
    report,
  });
}

async function benchLatency(lanes: Lanes, report: Report): Promise<void> {
  await benchLanes(lanes, {
    slice: (lane) => lane.latencies(LATENCIES, 10),
    figure: (rounds, _lane, metric) => percentile(rounds, metric.endsWith("p99") ? 99 : 50),
    metrics: { "create to start p50": "ms", "create to start p99": "ms" },
    report,
  });
}

/** Has the lanes take turns, and reports ours against each of the others. */
async function benchLanes(
  { ours, peers }: Lanes,
  options: {
    readonly slice: (lane: JobLane) => Promise<readonly number[]>;
    readonly figure: (rounds: Rounds, lane: JobLane, metric: string) => readonly number[];
    readonly metrics: Readonly<Record<string, Unit>>;
    readonly report: Report;
  },
): Promise<void> {
  const { slice, figure, metrics, report } = options;
  const named = {
    on: ours.on,
    off: ours.off,
    ...Object.fromEntries(peers.map((peer) => [peer.name, peer.lane])),
  };
  const rounds: Readonly<Record<string, Rounds>> = await measure(
    Object.fromEntries(Object.entries(named).map(([name, lane]) => [name, { slice: () => slice(lane) }])),
    { rounds: ROUNDS, slices: SLICES },
  );
  for (const [metric, unit] of Object.entries(metrics)) {
    const values = (name: string, lane: JobLane) => figure(rounds[name] ?? [], lane, metric);
    for (const journal of ["on", "off"] as const) {
      for (const { name, durability, lane } of peers) {
        const reference = { name, durability, values: values(name, lane) };
        report(lineOf(`${metric}, journal ${journal}`, unit, values(journal, ours[journal]), reference));
      }
    }
  }
}
