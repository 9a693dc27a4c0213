import { PgBoss } from "pg-boss";
import type { JobLane } from "./lane.ts";
import { createServedLane } from "./served.ts";

const NAME = "noop";
const POOL = 20;

/** pg-boss woken by NOTIFY. It has a worker take `concurrency` jobs at once, and again as long as it gets that many. */
export async function openPgBoss(connectionString: string): Promise<JobLane> {
  const boss = new PgBoss({ connectionString, max: POOL, useListenNotify: true });
  boss.on("error", (error) => console.error("pg-boss:", error));
  await boss.start();
  await boss.createQueue(NAME, { notify: true });
  const data = { value: 1 };
  return createServedLane({
    jobs: 1_000,
    endToEndJobs: 200,
    createMany: (count) =>
      boss.insert(
        NAME,
        Array.from({ length: count }, () => ({ data })),
      ),
    create: () => boss.send(NAME, data),
    async startWorkers(concurrency, done) {
      const batch = {
        batchSize: concurrency,
        burstWhenBatchFull: true,
        pollingIntervalSeconds: 0.5,
        notifyPollingIntervalSeconds: 0.5,
      };
      await boss.work(NAME, batch, async (jobs) => {
        for (const _ of jobs) done();
      });
      return () => boss.offWork(NAME, { wait: true });
    },
    close: () => boss.stop({ graceful: false }),
  });
}
