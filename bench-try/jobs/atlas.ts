import { createStore, silentLogger, systemClock } from "@atlas/core";
import { createMockLLM } from "@atlas/llm/mock";
import { pluginsModule } from "@atlas/plugins";
import { createJobAdmission, createJobRunner, createPluginRegistry } from "@atlas/plugins/runtime";
import { createCountdown, type JobLane, spread } from "./lane.ts";

/** The lane of Atlas, with what only its own benches do. */
export interface AtlasLane extends JobLane {
  /** Starts the workers, and resolves when `count` of the queued jobs are done; then it stops them again. */
  processSome(count: number, concurrency: number): Promise<void>;
  fillWithFinished(count: number): Promise<void>;
  /** Creates jobs of the same workflow that are due in a thousand years. */
  fillWithSleeping(count: number): Promise<void>;
}

const PRODUCERS = 100;

/** Atlas as a gateway puts it together: its store, and its job runner with a workflow that does nothing. */
export async function openAtlas(
  path: string,
  {
    journal,
    jobs = 500,
    limit,
  }: {
    readonly journal: boolean;
    readonly jobs?: number;
    /** The workflow's own limit. Default: none. */
    readonly limit?: number;
  },
): Promise<AtlasLane> {
  const registry = createPluginRegistry();
  let started: (() => void) | undefined;
  registry.registerWorkflow({
    id: "noop.v1",
    ...(limit === undefined ? {} : { concurrency: limit }),
    run: async () => started?.(),
  });
  const store = await createStore({
    database: path,
    modules: [pluginsModule],
    admit: [createJobAdmission(registry)],
    journal,
  });
  const { commands, repo } = store;
  const countdown = createCountdown();
  const create = () =>
    commands.enqueue({ type: "job.create", job: { workflow_id: "noop.v1", input: { value: 1 } } });

  const startRunner = async (concurrency: number) => {
    const host = { clock: systemClock, log: silentLogger };
    const runner = createJobRunner({ host, repo, commands, registry, llm: createMockLLM(), concurrency });
    const unsubscribe = store.onCommitted((batch) => {
      runner.wake(batch);
      for (const { type } of batch.events) if (type === "job.succeeded") countdown.done();
    });
    await runner.start();
    return async () => {
      await runner.stop(1_000);
      unsubscribe();
    };
  };

  return {
    jobs,
    endToEndJobs: jobs,
    create: (count, producers) => spread(count, producers, create),
    async process(concurrency) {
      const { queued } = await repo.plugins.countJobs();
      const done = countdown.start(queued);
      const stop = await startRunner(concurrency);
      await done;
      await stop();
    },
    async processSome(count, concurrency) {
      const done = countdown.start(count);
      const stop = await startRunner(concurrency);
      await done;
      await stop();
    },
    async endToEnd({ count, producers, concurrency }) {
      const done = countdown.start(count);
      const stop = await startRunner(concurrency);
      await Promise.all([spread(count, producers, create), done]);
      await stop();
    },
    async latencies(count, concurrency) {
      const stop = await startRunner(concurrency);
      const durations: number[] = [];
      for (let index = 0; index < count; index += 1) {
        const done = countdown.start(1);
        const begun = new Promise<void>((resolve) => {
          started = resolve;
        });
        const startedAt = performance.now();
        void create();
        await begun;
        durations.push(performance.now() - startedAt);
        await done;
      }
      started = undefined;
      await stop();
      return durations;
    },
    async fillWithFinished(count) {
      for (let from = 0; from < count; from += 1_000) {
        const ids = Array.from({ length: Math.min(1_000, count - from) }, () => store.newId());
        await Promise.all(
          ids.flatMap((id) => [
            commands.enqueue({
              type: "job.create",
              job: { id, workflow_id: "noop.v1", input: { value: 1 } },
            }),
            commands.enqueue({ type: "job.updateStatus", id, status: "running" }),
            commands.enqueue({ type: "job.updateStatus", id, status: "succeeded" }),
          ]),
        );
      }
    },
    async fillWithSleeping(count) {
      const job = { workflow_id: "noop.v1", run_at: "2999-01-01T00:00:00.000Z" };
      await spread(count, PRODUCERS, () => commands.enqueue({ type: "job.create", job }));
    },
    close: () => store.stop(),
  };
}
