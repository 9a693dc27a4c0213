import type { Admit, Clock, Job, Logger, NewJob } from "@atlas/core";
import type { HarnessRuntime } from "@atlas/harness";
import type { LLM } from "@atlas/llm";
import { createMockLLM } from "@atlas/llm/mock";
import { onTestFinished } from "vitest";
import type { WorkflowPlugin } from "../../src/index.ts";
import { createJobRunner, createPluginRegistry, createSignal } from "../../src/runtime.ts";
import { openStore } from "./open-store.ts";
import { until } from "./until.ts";

/** A started runner with one workflow, which a test can edit; its retries follow at once. */
export async function runningJobs(
  run: WorkflowPlugin["run"],
  options: {
    readonly clock?: Clock;
    readonly log?: Logger;
    readonly concurrency?: number;
    readonly database?: string;
    readonly admit?: readonly Admit[];
    readonly random?: () => number;
    readonly llm?: LLM;
    readonly harness?: HarnessRuntime;
    readonly workflow?: Partial<WorkflowPlugin>;
  } = {},
) {
  const opened = await openStore(options);
  const { store, repo, commands } = opened;
  let current = run;
  const registry = createPluginRegistry();
  const workflow: { -readonly [Option in keyof WorkflowPlugin]: WorkflowPlugin[Option] } = {
    id: "work.v1",
    ...options.workflow,
    run: (ctx, input, id) => current(ctx, input, id),
  };
  registry.registerWorkflow(workflow);
  registry.registerWorkflow({ id: "child.v1", run: async () => undefined });
  const startRunner = async () => {
    const runner = createJobRunner({
      ...opened,
      registry,
      llm: options.llm ?? createMockLLM(),
      ...(options.harness === undefined ? {} : { harness: options.harness }),
      random: options.random ?? (() => 0),
      concurrency: options.concurrency ?? 10,
    });
    onTestFinished(() => runner.stop(0));
    store.onCommitted(runner.wake);
    await runner.start();
    return runner;
  };
  const runner = await startRunner();
  const create = (id: string, job: Partial<NewJob> = {}) =>
    commands.enqueue({ type: "job.create", job: { id, workflow_id: "work.v1", ...job } });
  const job = (id: string, isThere: (job: Job) => boolean) =>
    until(async () => {
      const found = await repo.getJob(id);
      return found !== undefined && isThere(found) ? found : undefined;
    });
  return {
    ...opened,
    runner,
    startRunner,
    create,
    signal: createSignal({ repo, commands }),
    /** Puts other code in the place of the workflow, as a new version of a program does. */
    edit(next: WorkflowPlugin["run"], changed: Pick<WorkflowPlugin, "version" | "onVersionChange"> = {}) {
      current = next;
      Object.assign(workflow, changed);
    },
    job,
    waiting: (id: string) => job(id, ({ status, attempt }) => status === "queued" && attempt > 0),
    over: (id: string) => job(id, ({ status }) => status === "succeeded" || status === "failed"),
    emit: (type: string, payload: Readonly<Record<string, string>> = {}) =>
      commands.enqueue({ type: "domainEvent.emit", event: { type, payload } }),
  };
}
