import { OpenWorkflow } from "openworkflow";
import { BackendSqlite } from "openworkflow/sqlite";
import { createCountdown, type JobLane, spread } from "./lane.ts";

/** openworkflow on its own SQLite backend (node:sqlite, `synchronous=FULL` by default). */
export async function openOpenworkflow(
  path: string,
  { jobs = 30 }: { readonly jobs?: number } = {},
): Promise<JobLane> {
  const backend = BackendSqlite.connect(path);
  const client = new OpenWorkflow({ backend });
  let started: (() => void) | undefined;
  const workflow = client.defineWorkflow({ name: "noop" }, async () => started?.());
  const create = () => workflow.run({ value: 1 });
  const finished = createCountdown();
  const complete = backend.completeWorkflowRun.bind(backend);
  // It has no way to hear of ends but asking for each; the backend's own method is where they become durable.
  backend.completeWorkflowRun = async (parameters) => {
    const run = await complete(parameters);
    finished.done();
    return run;
  };

  const startWorker = async (concurrency: number) => {
    const worker = client.newWorker({ concurrency });
    await worker.start();
    return () => worker.stop();
  };

  let waiting = 0;
  return {
    jobs,
    endToEndJobs: jobs,
    async create(count, producers) {
      await spread(count, producers, create);
      waiting += count;
    },
    async process(concurrency) {
      const done = finished.start(waiting);
      waiting = 0;
      const stop = await startWorker(concurrency);
      await done;
      await stop();
    },
    async endToEnd({ count, producers, concurrency }) {
      const done = finished.start(count);
      const stop = await startWorker(concurrency);
      await Promise.all([spread(count, producers, create), done]);
      await stop();
    },
    async latencies(count, concurrency) {
      const stop = await startWorker(concurrency);
      const durations: number[] = [];
      for (let index = 0; index < count; index += 1) {
        const done = finished.start(1);
        const begun = new Promise<void>((resolve) => {
          started = resolve;
        });
        const startedAt = performance.now();
        await create();
        await begun;
        durations.push(performance.now() - startedAt);
        await done;
      }
      started = undefined;
      await stop();
      return durations;
    },
    close: () => backend.stop(),
  };
}
