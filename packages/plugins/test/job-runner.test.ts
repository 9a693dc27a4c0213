import type { Clock, Job } from "@atlas/core";
import { createMockLLM } from "@atlas/llm/mock";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  createJobRunner,
  createPluginRegistry,
  type WorkflowContext,
  type WorkflowPlugin,
} from "../src/index.ts";
import { createManualClock } from "./support/manual-clock.ts";
import { openStore } from "./support/open-store.ts";

async function running(
  run: WorkflowPlugin["run"],
  options: { readonly clock?: Clock; readonly concurrency?: number; readonly started?: boolean } = {},
) {
  const opened = await openStore(options);
  const { store, repo, commands } = opened;
  const registry = createPluginRegistry();
  registry.registerWorkflow({ id: "work.v1", run });
  const runner = createJobRunner({
    ...opened,
    registry,
    llm: createMockLLM(),
    random: () => 0.5,
    concurrency: options.concurrency ?? 10,
  });
  onTestFinished(() => runner.stop(0));
  store.onCommitted(runner.wake);
  if (options.started !== false) await runner.start();

  const until = (id: string, isThere: (job: Job) => boolean): Promise<Job> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        repo.getJob(id).then((job) => {
          if (job === undefined || !isThere(job)) return;
          unsubscribe();
          resolve(job);
        }, reject);
      };
      const unsubscribe = store.onCommitted(look);
      look();
    });
  const create = (id: string, job: { readonly max_attempts?: number } = {}) =>
    commands.enqueue({ type: "job.create", job: { id, workflow_id: "work.v1", ...job } });
  return { ...opened, runner, until, create };
}

const ended = ({ status }: Job): boolean => status !== "queued" && status !== "running";

describe("the job runner", () => {
  it("runs a queued job to success, with its input", async () => {
    let seen: unknown;
    const { commands, until } = await running(async (_, input, jobId) => {
      seen = [input, jobId];
    });
    await commands.enqueue({
      type: "job.create",
      job: { id: "j1", workflow_id: "work.v1", input: { topic: "sea" } },
    });
    expect(await until("j1", ended)).toMatchObject({ status: "succeeded", attempt: 1 });
    expect(seen).toEqual([{ topic: "sea" }, "j1"]);
  });

  it.each([
    ["throws", () => Promise.reject(new Error("no luck")), "no luck"],
    [
      "throws before it returns a promise",
      () => {
        throw new Error("at once");
      },
      "at once",
    ],
    ["rejects with nothing", () => Promise.reject(), "failed with undefined"],
  ])("fails a job whose workflow %s, and goes on", async (_, run, message) => {
    const { create, until } = await running(run);
    await create("j1");
    const job = await until("j1", ended);
    expect(job).toMatchObject({ status: "failed", error: { message: expect.stringContaining(message) } });
    await create("j2");
    expect(await until("j2", ended)).toMatchObject({ status: "failed" });
  });

  it("fails the attempt when one of its commands was refused, though nobody awaited it", async () => {
    const { create, until } = await running(async (ctx) => {
      void ctx.commands.enqueue({ type: "artifact.update", id: "missing", patch: {} });
    });
    await create("j1");
    expect(await until("j1", ended)).toMatchObject({
      status: "failed",
      error: { code: "ATLAS_CORE_NOT_FOUND" },
    });
  });

  it("tries again after a pause, and replaces what the attempt before left", async () => {
    const { clock, advance } = createManualClock();
    let attempts = 0;
    const { create, until, repo } = await running(
      async (ctx) => {
        attempts += 1;
        await ctx.emitArtifact({ type: "result", title: `attempt ${attempts}` });
        await ctx.spawnJob({ workflow_id: "nobody.v1" });
        if (attempts === 1) throw new Error("not yet");
      },
      { clock },
    );
    await create("j1", { max_attempts: 2 });
    const waiting = await until("j1", ({ status, attempt }) => status === "queued" && attempt === 1);
    expect(waiting).toMatchObject({ run_at: "2026-01-01T00:00:00.500Z", error: { message: "not yet" } });
    advance(5_000);
    expect(await until("j1", ended)).toMatchObject({ status: "succeeded", attempt: 2 });
    expect((await repo.findArtifacts()).items).toMatchObject([{ id: "j1:artifact:1", title: "attempt 2" }]);
    expect((await repo.listJobs({ parent_id: "j1" })).items).toMatchObject([
      { id: "j1:job:1", status: "queued" },
    ]);
  });

  it("returns to the queue what an earlier process left running", async () => {
    const { create, until, commands, runner } = await running(async () => undefined, { started: false });
    await create("j1");
    await commands.enqueue({ type: "job.updateStatus", id: "j1", status: "running" });
    await runner.start();
    expect(await until("j1", ended)).toMatchObject({ status: "succeeded", attempt: 2 });
  });

  it("leaves the jobs of a workflow that is not registered in the queue", async () => {
    const { create, until, commands, repo } = await running(async () => undefined);
    await commands.enqueue({
      type: "job.create",
      job: { id: "other", workflow_id: "absent.v1", priority: 9 },
    });
    await create("j1");
    await until("j1", ended);
    expect(await repo.getJob("other")).toMatchObject({ status: "queued", attempt: 0 });
  });

  it("runs no more attempts at a time than it may", async () => {
    let now = 0;
    let most = 0;
    const { create, until } = await running(
      async (ctx) => {
        now += 1;
        most = Math.max(most, now);
        await ctx.commands.enqueue({ type: "domainEvent.emit", event: { type: "tick" } });
        now -= 1;
      },
      { concurrency: 3 },
    );
    const ids = Array.from({ length: 20 }, (_, index) => `j${index}`);
    await Promise.all(ids.map((id) => create(id)));
    await Promise.all(ids.map((id) => until(id, ended)));
    expect(most).toBe(3);
  });

  it("refuses the commands of an attempt that is over", async () => {
    let kept: WorkflowContext | undefined;
    const { create, until } = await running(async (ctx) => {
      kept = ctx;
    });
    await create("j1");
    await until("j1", ended);
    await expect(kept?.emitArtifact({ type: "late" })).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_CONTEXT_ENDED",
    });
  });

  it("interrupts what does not end when it stops, and leaves the job to the next process", async () => {
    let aborted = false;
    const { create, until, runner, repo } = await running(
      (ctx) =>
        new Promise(() => {
          ctx.signal.addEventListener("abort", () => {
            aborted = true;
          });
        }),
    );
    await create("j1");
    await until("j1", ({ status }) => status === "running");
    await runner.stop(0);
    expect(aborted).toBe(true);
    expect(await repo.getJob("j1")).toMatchObject({ status: "queued" });
  });

  it("does not run a job that was cancelled before its turn", async () => {
    let ran = false;
    const { create, commands, runner, repo } = await running(
      async () => {
        ran = true;
      },
      { started: false },
    );
    await create("j1");
    await commands.enqueue({ type: "job.updateStatus", id: "j1", status: "cancelled" });
    await runner.start();
    await runner.stop(0);
    expect(ran).toBe(false);
    expect(await repo.getJob("j1")).toMatchObject({ status: "cancelled" });
  });

  it("runs a job whose id is as long as an id may be", async () => {
    const { create, until } = await running(async (ctx) => {
      await ctx.emitArtifact({ id: "result", type: "result" });
    });
    const id = "é".repeat(127);
    await create(id);
    expect(await until(id, ended)).toMatchObject({ status: "succeeded" });
  });
});
