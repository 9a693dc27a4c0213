import { Queue, Worker } from "bullmq";
import type { JobLane } from "./lane.ts";
import { createServedLane } from "./served.ts";

const NAME = "noop";

/** BullMQ with its own defaults: finished jobs are kept, as Atlas keeps them. */
export function openBullmq(port: number): JobLane {
  const connection = { host: "127.0.0.1", port, maxRetriesPerRequest: null };
  const queue = new Queue(NAME, { connection });
  const job = { name: NAME, data: { value: 1 } };
  return createServedLane({
    jobs: 600,
    endToEndJobs: 300,
    createMany: (count) => queue.addBulk(Array.from({ length: count }, () => job)),
    create: () => queue.add(job.name, job.data),
    async startWorkers(concurrency, done) {
      const worker = new Worker(NAME, async () => done(), { connection, concurrency });
      // Closing waits for the jobs that run, and so for their ends to be written.
      return () => worker.close();
    },
    close: () => queue.close(),
  });
}
