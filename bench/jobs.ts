import { join } from "node:path";
import { createBenchFolder } from "./folder.ts";
import { openAtlas } from "./jobs/atlas.ts";
import type { JobLane } from "./jobs/lane.ts";
import { openOpenworkflow } from "./jobs/openworkflow.ts";
import { openPlainjob } from "./jobs/plainjob.ts";
import { createLine, type Report, type Unit } from "./line.ts";
import { type Contestant, measure, percentile, perSecond, type Rounds } from "./measure.ts";

const ROUNDS = 5;
const SLICES = 2;
const PRODUCERS = 100;
const FINISHED_JOBS = 1_000_000;

const references = {
  plainjobFull: { name: "plainjob FULL", durability: "FULL" },
  plainjobNormal: { name: "plainjob NORMAL", durability: "FULL, plainjob NORMAL" },
  openworkflow: { name: "openworkflow FULL", durability: "FULL" },
} as const;

type Lanes = Readonly<Record<"on" | "off" | keyof typeof references, JobLane>>;

/** No-op jobs, created with durable acknowledgement and processed to completion, against other queues. */
export async function benchJobs(report: Report): Promise<void> {
  using folder = createBenchFolder();
  const at = (name: string): string => join(folder.path, `${name}.db`);
  const lanes: Lanes = {
    on: await openAtlas(at("on"), { journal: true }),
    off: await openAtlas(at("off"), { journal: false }),
    plainjobFull: await openPlainjob(at("plainjob-full"), { durability: "FULL" }),
    plainjobNormal: await openPlainjob(at("plainjob-normal"), { durability: "NORMAL" }),
    openworkflow: await openOpenworkflow(at("openworkflow")),
  };
  try {
    for (const concurrency of [10, 100]) await benchProcessing(lanes, { concurrency, report });
    for (const concurrency of [10, 100]) await benchEndToEnd(lanes, { concurrency, report });
    await benchLatency(lanes, report);
  } finally {
    for (const lane of Object.values(lanes)) await lane.close();
  }
  await benchKept(at, report);
}

async function benchProcessing(
  lanes: Lanes,
  { concurrency, report }: { readonly concurrency: number; readonly report: Report },
): Promise<void> {
  const rounds = await measureLanes(lanes, async (lane) => {
    await lane.create(lane.jobs, PRODUCERS);
    return [await time(() => lane.process(concurrency))];
  });
  reportRates(lanes, rounds, { metric: `process jobs/s, c=${concurrency}`, report });
}

async function benchEndToEnd(
  lanes: Lanes,
  { concurrency, report }: { readonly concurrency: number; readonly report: Report },
): Promise<void> {
  const rounds = await measureLanes(lanes, async (lane) => [
    await time(() => lane.endToEnd({ count: lane.jobs, producers: PRODUCERS, concurrency })),
  ]);
  reportRates(lanes, rounds, {
    metric: `end to end jobs/s, ${PRODUCERS} producers, c=${concurrency}`,
    report,
  });
}

async function benchLatency(lanes: Lanes, report: Report): Promise<void> {
  const rounds = await measureLanes(lanes, (lane) => lane.latencies(20, 10));
  for (const percent of [50, 99]) {
    for (const journal of ["on", "off"] as const) {
      for (const [name, reference] of Object.entries(references)) {
        report(
          lineOf(
            `create to start p${percent}, journal ${journal}`,
            "ms",
            percentile(rounds[journal], percent),
            reference,
            percentile(rounds[name as keyof typeof references], percent),
          ),
        );
      }
    }
  }
}

/** What a million finished jobs that are kept cost, against none. */
async function benchKept(at: (name: string) => string, report: Report): Promise<void> {
  for (const journal of [true, false]) {
    const state = journal ? "on" : "off";
    const kept = await openAtlas(at(`kept-${state}`), { journal });
    const empty = await openAtlas(at(`empty-${state}`), { journal });
    try {
      await kept.fillWithFinished(FINISHED_JOBS);
      const contestant = (lane: JobLane): Contestant => ({
        slice: async () => {
          await lane.create(lane.jobs, PRODUCERS);
          return [await time(() => lane.process(100))];
        },
      });
      const rounds = await measure(
        { kept: contestant(kept), empty: contestant(empty) },
        { rounds: ROUNDS, slices: SLICES },
      );
      report(
        lineOf(
          `process jobs/s, c=100, 1 M kept, journal ${state}`,
          "1/s",
          perSecond(rounds.kept, kept.jobs),
          { name: "itself, none kept", durability: "FULL" },
          perSecond(rounds.empty, empty.jobs),
        ),
      );
    } finally {
      await kept.close();
      await empty.close();
    }
  }
}

function measureLanes(
  lanes: Lanes,
  slice: (lane: JobLane) => Promise<readonly number[]>,
): Promise<Readonly<Record<keyof Lanes, Rounds>>> {
  const contestant = (lane: JobLane): Contestant => ({ slice: () => slice(lane) });
  return measure(
    {
      on: contestant(lanes.on),
      off: contestant(lanes.off),
      plainjobFull: contestant(lanes.plainjobFull),
      plainjobNormal: contestant(lanes.plainjobNormal),
      openworkflow: contestant(lanes.openworkflow),
    },
    { rounds: ROUNDS, slices: SLICES },
  );
}

function reportRates(
  lanes: Lanes,
  rounds: Readonly<Record<keyof Lanes, Rounds>>,
  { metric, report }: { readonly metric: string; readonly report: Report },
): void {
  for (const journal of ["on", "off"] as const) {
    for (const name of Object.keys(references) as (keyof typeof references)[]) {
      report(
        lineOf(
          `${metric}, journal ${journal}`,
          "1/s",
          perSecond(rounds[journal], lanes[journal].jobs),
          references[name],
          perSecond(rounds[name], lanes[name].jobs),
        ),
      );
    }
  }
}

function lineOf(
  metric: string,
  unit: Unit,
  ours: readonly number[],
  reference: { readonly name: string; readonly durability: string },
  referenceValues: readonly number[],
) {
  return createLine({
    bench: "jobs",
    metric,
    unit,
    ours,
    reference: reference.name,
    referenceValues,
    durability: reference.durability,
  });
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
