import { Logger, makeWorkerUtils, run } from "graphile-worker";
import type { JobLane } from "./lane.ts";
import { createServedLane } from "./served.ts";

const NAME = "noop";
const POOL = 20;

/** graphile-worker with the options that its documentation names for throughput: a local queue, and ends written together. */
export async function openGraphileWorker(connectionString: string): Promise<JobLane> {
  const logger = new Logger(() => () => undefined);
  const shared = { connectionString, logger, maxPoolSize: POOL };
  const utils = await makeWorkerUtils(shared);
  await utils.migrate();
  const payload = { value: 1 };
  return createServedLane({
    jobs: 4_000,
    endToEndJobs: 200,
    createMany: (count) =>
      utils.addJobs(Array.from({ length: count }, () => ({ identifier: NAME, payload }))),
    create: () => utils.addJob(NAME, payload),
    async startWorkers(concurrency, done) {
      const runner = await run({
        ...shared,
        preset: {
          worker: { concurrentJobs: concurrency, localQueue: { size: 500 }, completeJobBatchDelay: 0 },
        },
        noHandleSignals: true,
        taskList: { [NAME]: async () => done() },
      });
      return () => runner.stop();
    },
    close: async () => utils.release(),
  });
}
