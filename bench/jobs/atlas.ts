import { createStore, silentLogger, systemClock } from "@atlas/core";
import { createMockLLM } from "@atlas/llm/mock";
import { pluginsModule } from "@atlas/plugins";
import { createJobAdmission, createJobRunner, createPluginRegistry } from "@atlas/plugins/runtime";
import { createCountdown, type JobLane, spread } from "./lane.ts";

/** The lane of Atlas, with what only its own benches do. */
export interface AtlasLane extends JobLane {
  /** Creates jobs of these keys. */
  createOf(
    nextKey: () => string,
    options: { readonly count: number; readonly producers: number },
  ): Promise<void>;
  /** Like `processSome`, but `count` jobs of other keys than this. Resolves with the number of all jobs that were done. */
  processOthers(
    key: string,
    options: { readonly count: number; readonly concurrency: number },
  ): Promise<number>;
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
    jobs = 2_000,
    limit,
    isKeyed = false,
  }: {
    readonly journal: boolean;
    readonly jobs?: number;
    /** The workflow's own limit. Default: none. */
    readonly limit?: number;
    /** Whether the keys of jobs take turns. Default: they do not. */
    readonly isKeyed?: boolean;
  },
): Promise<AtlasLane> {
  const registry = createPluginRegistry();
  let started: (() => void) | undefined;
  let uncounted: string | undefined;
  const uncountedIds = new Set<string>();
  let done = 0;
  registry.registerWorkflow({
    id: "noop.v1",
    ...(limit === undefined ? {} : { concurrency: limit }),
    ...(isKeyed ? { perKey: { key: ({ key }) => String(key) } } : {}),
    async run(_ctx, { key }, jobId) {
      started?.();
      if (key !== undefined && key === uncounted) uncountedIds.add(jobId);
    },
  });
  const store = await createStore({
    database: path,
    modules: [pluginsModule],
    admit: [createJobAdmission(registry)],
    journal,
  });
  const { commands, repo } = store;
  const countdown = createCountdown();
  const create = (key?: string) =>
    commands.enqueue({
      type: "job.create",
      job: { workflow_id: "noop.v1", input: { value: 1, ...(key === undefined ? {} : { key }) } },
    });

  const startRunner = async (concurrency: number) => {
    const host = { clock: systemClock, log: silentLogger };
    const runner = createJobRunner({ host, repo, commands, registry, llm: createMockLLM(), concurrency });
    const unsubscribe = store.onCommitted((batch) => {
      runner.wake(batch);
      for (const { type, aggregate_id = "" } of batch.events) {
        if (type !== "job.succeeded") continue;
        done += 1;
        if (!uncountedIds.delete(aggregate_id)) countdown.done();
      }
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
    create: (count, producers) => spread(count, producers, () => create()),
    createOf: (nextKey, { count, producers }) => spread(count, producers, () => create(nextKey())),
    async processOthers(key, { count, concurrency }) {
      uncounted = key;
      done = 0;
      const others = countdown.start(count);
      const stop = await startRunner(concurrency);
      await others;
      const all = done;
      await stop();
      uncounted = undefined;
      return all;
    },
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
      await Promise.all([spread(count, producers, () => create()), done]);
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
