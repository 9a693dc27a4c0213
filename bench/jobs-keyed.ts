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
const JOBS = 2_000;
const KEYS = [1, 100, 10_000];
const OTHERS = 9;
const JOBS_OF_EACH = 200;
const BIG = "big";

/** What turns of keys cost, with 100,000 queued jobs, against a workflow without keys and as long a queue. */
export async function benchJobsKeyed(report: Report): Promise<void> {
  for (const journal of [true, false]) {
    using folder = createBenchFolder();
    const state = journal ? "on" : "off";
    const plain = await openAtlas(join(folder.path, "plain.db"), { journal });
    try {
      await plain.create(QUEUED_JOBS, PRODUCERS);
      const against = async (name: string, open: (lane: AtlasLane) => Promise<Contestant>): Promise<void> => {
        const keyed = await openAtlas(join(folder.path, `${name}.db`), { journal, isKeyed: true });
        try {
          const rounds = await measure(
            { keyed: await open(keyed), plain: inOrder(plain, () => plain.create(JOBS, PRODUCERS)) },
            { rounds: ROUNDS, slices: SLICES },
          );
          report(
            lineOf(`process jobs/s, ${name}, journal ${state}`, "1/s", perSecond(rounds.keyed, JOBS), {
              name: "itself, without keys",
              durability: "FULL",
              values: perSecond(rounds.plain, JOBS),
            }),
          );
        } finally {
          await keyed.close();
        }
      };
      for (const keys of KEYS)
        await against(`100,000 queued of ${keys} keys`, (lane) => spreadOver(lane, keys));
      const shares: number[] = [];
      await against("10 keys, one with 100,000 queued", (lane) => besideOne(lane, shares));
      // With fair turns the long queue has one tenth.
      const most = Math.max(...shares);
      if (most > 0.15) throw new Error(`The long queue had ${most} of the turns; a tenth was expected.`);
    } finally {
      await plain.close();
    }
  }
}

/** Jobs of so many keys, created in turn, as by many callers at the same time. */
async function spreadOver(lane: AtlasLane, keys: number): Promise<Contestant> {
  let next = 0;
  const create = (count: number): Promise<void> => lane.createOf(nextKey, { count, producers: PRODUCERS });
  function nextKey(): string {
    next = (next + 1) % keys;
    return `key-${next}`;
  }
  await create(QUEUED_JOBS);
  return inOrder(lane, () => create(JOBS));
}

/** Processes the jobs of other keys, among turns of a long queue. */
async function besideOne(lane: AtlasLane, shares: number[]): Promise<Contestant> {
  await lane.createOf(() => BIG, { count: QUEUED_JOBS, producers: PRODUCERS });
  return {
    slice: async () => {
      for (let other = 0; other < OTHERS; other += 1)
        await lane.createOf(() => `other-${other}`, { count: JOBS_OF_EACH, producers: PRODUCERS });
      const count = OTHERS * JOBS_OF_EACH;
      let all = 0;
      const duration = await time(async () => {
        all = await lane.processOthers(BIG, { count, concurrency: CONCURRENCY });
      });
      shares.push((all - count) / all);
      return [duration];
    },
  };
}

/** The queue stays as long as it was. */
function inOrder(lane: AtlasLane, refill: () => Promise<void>): Contestant {
  return {
    slice: async () => {
      const duration = await time(() => lane.processSome(JOBS, CONCURRENCY));
      await refill();
      return [duration];
    },
  };
}
