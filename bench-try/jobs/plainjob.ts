import Database from "better-sqlite3";
import { better, defineQueue, defineWorker, JobStatus } from "plainjob";
import { createCountdown, type JobLane, spread } from "./lane.ts";

const silent = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};

// plainjob asks once a second by default; no figure but the latency at low load is better for a longer pause.
const POLL_MS = 10;

/** plainjob on the same better-sqlite3. A worker does one job at a time, so `concurrency` is that many workers. */
export async function openPlainjob(
  path: string,
  { durability, jobs = 200 }: { readonly durability: "FULL" | "NORMAL"; readonly jobs?: number },
): Promise<JobLane> {
  const database = new Database(path);
  const queue = defineQueue({ connection: better(database), logger: silent });
  // The queue asks for NORMAL itself.
  database.pragma(`synchronous = ${durability}`);
  const countdown = createCountdown();
  let started: (() => void) | undefined;
  const create = () => queue.add("noop", { value: 1 });

  const startWorkers = (concurrency: number) => {
    const workers = Array.from({ length: concurrency }, () =>
      defineWorker("noop", async () => started?.(), {
        queue,
        logger: silent,
        pollIntervall: POLL_MS,
        onCompleted: countdown.done,
      }),
    );
    const running = workers.map((worker) => worker.start());
    return async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await Promise.all(running);
    };
  };

  return {
    jobs,
    endToEndJobs: jobs,
    create: (count, producers) => spread(count, producers, create),
    async process(concurrency) {
      const done = countdown.start(queue.countJobs({ status: JobStatus.Pending }));
      const stop = startWorkers(concurrency);
      await done;
      await stop();
    },
    async endToEnd({ count, producers, concurrency }) {
      const done = countdown.start(count);
      const stop = startWorkers(concurrency);
      await Promise.all([spread(count, producers, create), done]);
      await stop();
    },
    async latencies(count, concurrency) {
      const stop = startWorkers(concurrency);
      const durations: number[] = [];
      for (let index = 0; index < count; index += 1) {
        const done = countdown.start(1);
        const begun = new Promise<void>((resolve) => {
          started = resolve;
        });
        const startedAt = performance.now();
        create();
        await begun;
        durations.push(performance.now() - startedAt);
        await done;
      }
      started = undefined;
      await stop();
      return durations;
    },
    async close() {
      queue.close();
    },
  };
}
