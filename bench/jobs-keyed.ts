import { join } from "node:path";
import { createBenchFolder } from "./folder.ts";
import { type AtlasLane, openAtlas } from "./jobs/atlas.ts";
import { lineOf, time } from "./jobs/line.ts";
import type { Report } from "./line.ts";
import { type Contestant, measure, perSecond } from "./measure.ts";

const ROUNDS = 5;
const SLICES = 2;
const PRODUCERS = 100;
const CONCURRENCY = 10;
const QUEUED_JOBS = 100_000;
const OTHERS = 9;
const JOBS_OF_EACH = 200;
const JOBS = (OTHERS + 1) * JOBS_OF_EACH;
const BIG = "big";

/** What turns of ten keys cost, one of which has a long queue, against a workflow without keys and as long a queue. */
export async function benchJobsKeyed(report: Report): Promise<void> {
  using folder = createBenchFolder();
  for (const journal of [true, false]) {
    const state = journal ? "on" : "off";
    const keyed = await openAtlas(join(folder.path, `keyed-${state}.db`), { journal, isKeyed: true });
    const plain = await openAtlas(join(folder.path, `plain-${state}.db`), { journal });
    try {
      await keyed.createOf(BIG, { count: QUEUED_JOBS, producers: PRODUCERS });
      await plain.create(QUEUED_JOBS, PRODUCERS);
      const shares: number[] = [];
      const rounds = await measure(
        { keyed: turns(keyed, shares), plain: inOrder(plain) },
        { rounds: ROUNDS, slices: SLICES },
      );
      const name = "10 keys, one with 100,000 queued";
      const reference = {
        name: "itself, without keys",
        durability: "FULL",
        values: perSecond(rounds.plain, JOBS),
      } as const;
      report(
        lineOf(`process jobs/s, ${name}, journal ${state}`, "1/s", perSecond(rounds.keyed, JOBS), reference),
      );
      const others = perSecond(rounds.keyed, OTHERS * JOBS_OF_EACH);
      report(lineOf(`process jobs/s of the 9 others, ${name}, journal ${state}`, "1/s", others, reference));
      // With fair turns the long queue has one tenth.
      const most = Math.max(...shares);
      if (most > 0.15) throw new Error(`The long queue had ${most} of the turns; a tenth was expected.`);
    } finally {
      await keyed.close();
      await plain.close();
    }
  }
}

/** Processes the jobs of the other keys, among turns of the long queue. */
function turns(lane: AtlasLane, shares: number[]): Contestant {
  return {
    slice: async () => {
      const count = OTHERS * JOBS_OF_EACH;
      for (let other = 0; other < OTHERS; other += 1)
        await lane.createOf(`other-${other}`, { count: JOBS_OF_EACH, producers: PRODUCERS });
      let all = 0;
      const duration = await time(async () => {
        all = await lane.processOthers(BIG, { count, concurrency: CONCURRENCY });
      });
      shares.push((all - count) / all);
      return [duration];
    },
  };
}

function inOrder(lane: AtlasLane): Contestant {
  return {
    slice: async () => {
      const duration = await time(() => lane.processSome(JOBS, CONCURRENCY));
      await lane.create(JOBS, PRODUCERS);
      return [duration];
    },
  };
}
