import { setTimeout as pause } from "node:timers/promises";
import { createCountdown, type JobLane, spread } from "./lane.ts";

// Long enough for the end of a job to be written before the next is created, at low load.
const BETWEEN_MS = 5;

/** A lane whose queue is on a server: how it creates jobs, many at once or each durably, and how its workers start. */
export function createServedLane(options: {
  readonly jobs: number;
  readonly endToEndJobs: number;
  readonly createMany: (count: number) => Promise<unknown>;
  readonly create: () => Promise<unknown>;
  /** Calls `job` for each job. The function that it gives resolves when the workers have stopped, every end kept. */
  readonly startWorkers: (concurrency: number, job: () => void) => Promise<() => Promise<unknown>>;
  readonly close: () => Promise<unknown>;
}): JobLane {
  const { jobs, endToEndJobs, createMany, create, startWorkers, close } = options;
  const countdown = createCountdown();
  let waiting = 0;
  return {
    jobs,
    endToEndJobs,
    async create(count) {
      await createMany(count);
      waiting += count;
    },
    async process(concurrency) {
      const done = countdown.start(waiting);
      waiting = 0;
      const stop = await startWorkers(concurrency, countdown.done);
      await done;
      await stop();
    },
    async endToEnd({ count, producers, concurrency }) {
      const done = countdown.start(count);
      const stop = await startWorkers(concurrency, countdown.done);
      await Promise.all([spread(count, producers, create), done]);
      await stop();
    },
    async latencies(count, concurrency) {
      const durations: number[] = [];
      const stop = await startWorkers(concurrency, countdown.done);
      for (let index = 0; index < count; index += 1) {
        await pause(BETWEEN_MS);
        const begun = countdown.start(1);
        const startedAt = performance.now();
        await Promise.all([create(), begun.then(() => durations.push(performance.now() - startedAt))]);
      }
      await stop();
      return durations;
    },
    async close() {
      await close();
    },
  };
}
