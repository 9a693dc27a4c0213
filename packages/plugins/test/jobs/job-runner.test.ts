import { type Clock, CoreError, type Job, type NewJob, silentLogger } from "@atlas/core";
import { createMockLLM } from "@atlas/llm/mock";
import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { defineWorkflow, type WorkflowContext, type WorkflowPlugin } from "../../src/index.ts";
import { createDelivery, createJobRunner, createPluginRegistry } from "../../src/runtime.ts";
import { openStore } from "../support/open-store.ts";
import { until as untilFound } from "../support/until.ts";

async function running(
  run: WorkflowPlugin["run"],
  options: {
    readonly clock?: Clock;
    readonly concurrency?: number;
    readonly started?: boolean;
    readonly workflow?: Partial<WorkflowPlugin>;
    readonly others?: readonly WorkflowPlugin[];
  } = {},
) {
  const opened = await openStore(options);
  const { store, repo, commands } = opened;
  const registry = createPluginRegistry();
  registry.registerWorkflow({ id: "work.v1", retry: { maxAttempts: 1 }, ...options.workflow, run });
  for (const other of options.others ?? []) registry.registerWorkflow(other);
  const createRunner = () =>
    createJobRunner({
      ...opened,
      registry,
      llm: createMockLLM(),
      random: () => 0.5,
      concurrency: options.concurrency ?? 10,
    });
  const runner = createRunner();
  onTestFinished(() => runner.stop(0));
  store.onCommitted(runner.wake);
  if (options.started !== false) await runner.start();

  const until = (id: string, isThere: (job: Job) => boolean): Promise<Job> =>
    untilFound(async () => {
      const job = await repo.getJob(id);
      return job !== undefined && isThere(job) ? job : undefined;
    });
  const create = (id: string, job: Partial<NewJob> = {}) =>
    commands.enqueue({ type: "job.create", job: { id, workflow_id: "work.v1", ...job } });
  return { ...opened, runner, createRunner, until, create };
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
    ["rejects with nothing", () => Promise.reject(), "threw undefined"],
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
    const clock = createFakeClock();
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
    clock.advance(5_000);
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

  it("stores what became of an attempt that timed out and does not end, when it stops meanwhile", async () => {
    const clock = createFakeClock();
    const { create, until, runner, repo } = await running(() => new Promise(() => undefined), {
      clock,
      workflow: { timeoutMs: 60_000, retry: { maxAttempts: 2 } },
    });
    await create("j1");
    await until("j1", ({ status }) => status === "running");
    clock.advance(60_000);
    const stopped = runner.stop(0);
    // Its grace of 5 s has not passed: the stop ends it.
    clock.advance(0);
    await untilFound(() => runner.running === 0);
    await stopped;
    expect(await repo.getJob("j1")).toMatchObject({ status: "queued" });
  });

  it("begins no attempt once it was told to stop, though the claim was on its way", async () => {
    const opened = await openStore();
    const registry = createPluginRegistry();
    const begun: string[] = [];
    registry.registerWorkflow({ id: "work.v1", run: async (_ctx, _input, id) => void begun.push(id) });
    const claimed = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const runner = createJobRunner({
      ...opened,
      registry,
      llm: createMockLLM(),
      commands: {
        async enqueue(command, envelope) {
          if (command.type === "job.updateStatus" && command.status === "running") {
            claimed.resolve();
            await gate.promise;
          }
          return opened.commands.enqueue(command, envelope);
        },
        enqueueAll: opened.commands.enqueueAll,
      },
    });
    opened.store.onCommitted(runner.wake);
    await runner.start();
    for (const id of ["j1", "j2"])
      await opened.commands.enqueue({ type: "job.create", job: { id, workflow_id: "work.v1" } });
    await claimed.promise;
    const stopped = runner.stop(1_000);
    gate.resolve();
    await stopped;
    expect(begun).toEqual([]);
    expect(await opened.repo.getJob("j1")).toMatchObject({ status: "queued", attempt: 1 });
    expect(await opened.repo.plugins.getJobAttempts("j1")).toEqual({ runs: 1, attempts_used: 0 });
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

  it("tries a job three times unless told otherwise, and not again after an error that says so", async () => {
    const clock = createFakeClock();
    const errors = new Map<string, object>([["hopeless", { retryable: false }]]);
    const { create, until } = await running(
      async (_ctx, _input, id) => {
        throw Object.assign(new Error("no luck"), errors.get(id));
      },
      { clock, workflow: { retry: {} } },
    );
    await create("j1");
    await create("hopeless");
    expect(await until("hopeless", ended)).toMatchObject({ status: "failed", attempt: 1 });
    const job = await untilFound(async () => {
      clock.advance(100);
      const found = await until("j1", () => true);
      return ended(found) ? found : undefined;
    });
    expect(job).toMatchObject({ status: "failed", attempt: 3, error: { message: "no luck" } });
  });

  it("asks the workflow whether an error is worth another attempt", async () => {
    const asked: unknown[] = [];
    const { create, until } = await running(() => Promise.reject(new TypeError("a mistake")), {
      workflow: { retry: { retryable: (error) => asked.push(error) < 0 } },
    });
    await create("j1");
    expect(await until("j1", ended)).toMatchObject({ status: "failed", attempt: 1 });
    expect(asked).toMatchObject([{ message: "a mistake" }]);
  });

  it("ends an attempt whose time is up, frees its slot after the grace, and lets nothing of it in later", async () => {
    const clock = createFakeClock();
    const late = Promise.withResolvers<void>();
    const refused: unknown[] = [];
    let aborted: unknown;
    const { create, until } = await running(
      async (ctx, _input, id) => {
        if (id !== "hung") return;
        ctx.signal.addEventListener("abort", () => {
          aborted = ctx.signal.reason;
        });
        await late.promise;
        refused.push(await ctx.emitArtifact({ type: "late" }).catch((error: unknown) => error));
        refused.push(await ctx.step("late", () => 1).catch((error: unknown) => error));
        refused.push(
          await Promise.resolve()
            .then(() => ctx.llm.generateText({ prompt: "late" }))
            .catch((error: unknown) => error),
        );
      },
      { clock, concurrency: 1, workflow: { timeoutMs: 60_000, retry: { maxAttempts: 1 } } },
    );
    await create("hung");
    await until("hung", ({ status }) => status === "running");
    await create("next");
    clock.advance(60_000);
    await until("next", ({ status }) => status === "queued");
    expect(aborted).toMatchObject({ code: "ATLAS_PLUGINS_TIMEOUT" });
    clock.advance(5_000);
    expect(await until("hung", ended)).toMatchObject({
      status: "failed",
      error: { code: "ATLAS_PLUGINS_TIMEOUT" },
    });
    expect(await until("next", ended)).toMatchObject({ status: "succeeded" });
    late.resolve();
    await untilFound(() => refused.length === 3);
    for (const error of refused) expect(error).toMatchObject({ code: "ATLAS_PLUGINS_CONTEXT_ENDED" });
    expect(await until("hung", ended)).toMatchObject({ status: "failed" });
  });

  it.each(["before", "after"])(
    "never brings back a job that was cancelled %s the runner stopped",
    async (when) => {
      const { create, until, commands, repo, runner } = await running(
        () => new Promise<never>(() => undefined),
      );
      await create("j1");
      await until("j1", ({ status }) => status === "running");
      const cancel = () => commands.enqueue({ type: "job.updateStatus", id: "j1", status: "cancelled" });
      // The stop ends the attempt, and an interrupted job is queued again.
      if (when === "before") await cancel();
      const stopped = runner.stop(0);
      if (when === "after") await cancel();
      await stopped;
      expect(await repo.getJob("j1")).toMatchObject({ status: "cancelled", attempt: 1 });
    },
  );

  it("ends a running job that is cancelled, through its signal", async () => {
    const aborted = Promise.withResolvers<unknown>();
    const { create, until, commands } = await running(
      (ctx) =>
        new Promise((_resolve, reject) => {
          ctx.signal.addEventListener("abort", () => {
            aborted.resolve(ctx.signal.reason);
            reject(ctx.signal.reason);
          });
        }),
    );
    await create("j1");
    await until("j1", ({ status }) => status === "running");
    await commands.enqueue({ type: "job.updateStatus", id: "j1", status: "cancelled" });
    expect(await aborted.promise).toMatchObject({ code: "ATLAS_PLUGINS_CANCELLED", details: { id: "j1" } });
    await create("j2");
    await until("j2", ({ status }) => status === "running");
    expect(await until("j1", ended)).toMatchObject({ status: "cancelled", attempt: 1 });
  });

  it("reports the result of its own attempt only", async () => {
    const gate = Promise.withResolvers<void>();
    const { create, until, commands, repo, runner } = await running(() => gate.promise);
    await create("j1");
    await until("j1", ({ status }) => status === "running");
    // The host takes the job away, and begins a second attempt.
    await commands.enqueue({
      type: "job.updateStatus",
      id: "j1",
      status: "queued",
      run_at: "2999-01-01T00:00:00Z",
    });
    await commands.enqueue({ type: "job.updateStatus", id: "j1", status: "running" });
    gate.resolve();
    await untilFound(() => runner.running === 0);
    await runner.stop(1_000);
    expect(await repo.getJob("j1")).toMatchObject({ status: "running", attempt: 2 });
  });

  it("claims the attempt that it has read about only", async () => {
    // The clock stands still, so nothing is found only because some time has passed.
    const opened = await openStore({ clock: createFakeClock() });
    const { commands, repo } = opened;
    const registry = createPluginRegistry();
    let runs = 0;
    registry.registerWorkflow({
      id: "work.v1",
      run: async () => {
        runs += 1;
      },
    });
    let isMoved = false;
    const runner = createJobRunner({
      ...opened,
      registry,
      llm: createMockLLM(),
      commands: {
        async enqueue(command, envelope) {
          if (command.type === "job.updateStatus" && command.status === "running" && !isMoved) {
            isMoved = true;
            // Somebody else is faster: one attempt comes and goes before the claim arrives.
            await commands.enqueue({ type: "job.updateStatus", id: "j1", status: "running" });
            await commands.enqueue({ type: "job.updateStatus", id: "j1", status: "queued" });
          }
          return commands.enqueue(command, envelope);
        },
        enqueueAll: commands.enqueueAll,
      },
    });
    opened.store.onCommitted(runner.wake);
    await runner.start();
    await commands.enqueue({ type: "job.create", job: { id: "j1", workflow_id: "work.v1" } });
    await untilFound(async () => (await repo.getJob("j1"))?.status === "succeeded");
    expect(await repo.getJob("j1")).toMatchObject({ attempt: 2 });
    expect(runs).toBe(1);
    await runner.stop(1_000);
  });

  it("runs a delayed job when its time has come, and more urgent ones first", async () => {
    const clock = createFakeClock();
    const order: string[] = [];
    const { create, until, runner } = await running(
      async (_ctx, _input, id) => {
        order.push(id);
      },
      { clock, concurrency: 1, started: false },
    );
    await create("later", { run_at: "2026-01-01T00:00:02.000Z" });
    await create("low", { priority: -1 });
    await create("high", { priority: 9 });
    await create("normal");
    await runner.start();
    await until("low", ended);
    expect(order).toEqual(["high", "normal", "low"]);
    clock.advance(1_999);
    await new Promise(setImmediate);
    expect(order).toHaveLength(3);
    clock.advance(1);
    await until("later", ended);
    expect(order.at(-1)).toBe("later");
  });

  it("heeds what happens to jobs that it has read ahead", async () => {
    const gate = Promise.withResolvers<void>();
    const order: string[] = [];
    const { commands, repo, create, until, runner } = await running(
      async (_ctx, _input, id) => {
        order.push(id);
        if (id === "j2") await gate.promise;
      },
      { concurrency: 1, started: false },
    );
    for (const id of ["j1", "j2", "j3", "j4", "j5"]) await create(id);
    await runner.start();
    await until("j2", ({ status }) => status === "running");
    await create("urgent", { priority: 9 });
    await commands.enqueue({ type: "job.updateStatus", id: "j3", status: "cancelled" });
    await commands.enqueue({ type: "job.updateStatus", id: "j4", status: "running" });
    gate.resolve();
    await until("j5", ended);
    expect(order).toEqual(["j1", "j2", "urgent", "j5"]);
    expect((await repo.listRefusedCommands()).items).toEqual([]);
  });

  it("runs no more attempts of one workflow than that allows, and does not let it hold up others", async () => {
    const gate = Promise.withResolvers<void>();
    let now = 0;
    let most = 0;
    const other: WorkflowPlugin = { id: "other.v1", run: async () => undefined };
    const { create, until } = await running(
      async () => {
        now += 1;
        most = Math.max(most, now);
        await gate.promise;
        now -= 1;
      },
      { concurrency: 4, workflow: { concurrency: 2 }, others: [other] },
    );
    const ids = Array.from({ length: 12 }, (_, index) => `j${index}`);
    await Promise.all(ids.map((id) => create(id)));
    await create("other", { workflow_id: "other.v1" });
    await until("other", ended);
    gate.resolve();
    await Promise.all(ids.map((id) => until(id, ended)));
    expect(most).toBe(2);
  });

  it("fails a job in whose attempts the process ended three times in a row", async () => {
    const { create, commands, createRunner, repo } = await running(async () => undefined, { started: false });
    await create("j1");
    const crash = async () => {
      await commands.enqueue({ type: "job.updateStatus", id: "j1", status: "running" });
      const next = createRunner();
      const starting = next.start();
      // Stopped before it claims: this process "crashes" again in the next attempt.
      await next.stop(0);
      await starting;
      return repo.getJob("j1");
    };
    expect(await crash()).toMatchObject({ status: "queued", attempt: 1 });
    expect(await crash()).toMatchObject({ status: "queued", attempt: 2 });
    expect(await crash()).toMatchObject({
      status: "failed",
      attempt: 3,
      error: { code: "ATLAS_PLUGINS_CRASH_LOOP" },
    });
  });

  it("gives run what the schema makes of the input, and fails a job whose input it does not take", async () => {
    const seen: unknown[] = [];
    const { create, until } = await running(
      async (_ctx, input) => {
        seen.push(input);
      },
      { workflow: { input: z.object({ topic: z.string(), words: z.number().default(100) }), retry: {} } },
    );
    await create("good", { input: { topic: "sea" } });
    await create("bad", { input: { topic: 7 } });
    await until("good", ended);
    expect(seen).toEqual([{ topic: "sea", words: 100 }]);
    expect(await until("bad", ended)).toMatchObject({
      status: "failed",
      attempt: 1,
      error: { code: "ATLAS_PLUGINS_INPUT_INVALID", message: expect.stringContaining('"topic"') },
    });
  });

  it("gives a harness only to those who named it, and to plain literals", async () => {
    const harness = { runTask: async () => ({ mode: "propose" as const, summary: "", outputs: [] }) };
    const has: Record<string, boolean> = {};
    const opened = await openStore();
    const registry = createPluginRegistry();
    const look = async (ctx: object, _input: unknown, id: string) => {
      has[id] = "harness" in ctx;
    };
    registry.registerWorkflow(defineWorkflow({ id: "bare", run: look }));
    registry.registerWorkflow(defineWorkflow({ id: "able", capabilities: ["harness"], run: look }));
    registry.registerWorkflow({ id: "literal", run: look });
    const runner = createJobRunner({ ...opened, registry, llm: createMockLLM(), harness });
    opened.store.onCommitted(runner.wake);
    await runner.start();
    for (const id of ["bare", "able", "literal"])
      await opened.commands.enqueue({ type: "job.create", job: { id, workflow_id: id } });
    await untilFound(() => Object.keys(has).length === 3);
    await runner.stop(1_000);
    expect(has).toEqual({ bare: false, able: true, literal: true });
  });

  it("tells of progress at once, and stores it at most once a second", async () => {
    const clock = createFakeClock();
    const gate = Promise.withResolvers<void>();
    const { create, until, runner, repo } = await running(
      async (ctx) => {
        for (let done = 0; done <= 50; done += 1) ctx.progress({ done, total: 50 });
        await gate.promise;
      },
      { clock },
    );
    const heard: number[] = [];
    runner.progress.listen((_id, { done }) => heard.push(done));
    await create("j1");
    await until("j1", ({ status }) => status === "running");
    await untilFound(() => heard.length === 51);
    expect(runner.progress.of("j1")).toEqual({ done: 50, total: 50 });
    const first = await untilFound(() => repo.plugins.getJobProgress("j1"));
    expect(first).toMatchObject({ progress: { done: 0 } });
    clock.advance(1_000);
    await untilFound(async () => (await repo.plugins.getJobProgress("j1"))?.progress.done === 50);
    gate.resolve();
    await until("j1", ended);
    const stored = (await repo.listJournal()).items.filter(({ type }) => type === "plugins.job.progress");
    expect(stored).toHaveLength(2);
  });

  it("ends the loop of a workflow whose result starts it again", async () => {
    const { create, repo, store, commands, host } = await running(async (ctx) => {
      await ctx.emitArtifact({ type: "answer" });
    });
    const delivery = createDelivery({
      host,
      repo,
      commands,
      sinks: [
        {
          id: "again",
          on: ["artifact.created"],
          handle: async (_event, ctx) =>
            void ctx.commands.enqueue({ type: "job.create", job: { workflow_id: "work.v1" } }),
        },
      ],
    });
    store.onCommitted(delivery.wake);
    await delivery.start();
    await create("j1");
    await untilFound(async () => (await repo.plugins.listFailedDeliveries())[0]?.status === "dead");
    await delivery.stop(1_000);
    expect((await repo.plugins.countJobs()).succeeded).toBe(17);
  });

  it("starts a job once, however often it looks while the claim waits for its commit", async () => {
    const clock = createFakeClock();
    const opened = await openStore({ clock });
    const gate = Promise.withResolvers<void>();
    let runs = 0;
    const registry = createPluginRegistry();
    registry.registerWorkflow({
      id: "work.v1",
      async run() {
        runs += 1;
      },
    });
    const runner = createJobRunner({
      ...opened,
      registry,
      llm: createMockLLM(),
      commands: {
        async enqueue(command, envelope) {
          if (command.type === "job.updateStatus" && command.status === "running") await gate.promise;
          return opened.commands.enqueue(command, envelope);
        },
        enqueueAll: opened.commands.enqueueAll,
      },
    });
    opened.store.onCommitted(runner.wake);
    await runner.start();
    await opened.commands.enqueue({ type: "job.create", job: { id: "j1", workflow_id: "work.v1" } });
    await untilFound(() => runner.running === 1);
    for (let poll = 0; poll < 3; poll += 1) {
      runner.wake();
      clock.advance(5_000);
      await new Promise(setImmediate);
    }
    expect(runner.running).toBe(1);
    gate.resolve();
    await untilFound(async () => (await opened.repo.getJob("j1"))?.status === "succeeded");
    await runner.stop(0);
    expect(runs).toBe(1);
    const { items } = await opened.repo.listDomainEvents();
    expect(items.filter(({ type }) => type === "job.started")).toHaveLength(1);
  });

  it("claims with growing pauses while the storage fails, says so once, and goes on when it works", async () => {
    const clock = createFakeClock();
    const lines: string[] = [];
    const note = (_fields: object, message: string): void => void lines.push(message);
    const opened = await openStore({ clock });
    let claims = 0;
    let isBroken = true;
    const registry = createPluginRegistry();
    registry.registerWorkflow({ id: "work.v1", run: async () => undefined });
    const runner = createJobRunner({
      ...opened,
      host: { clock, log: { ...silentLogger, warn: note, error: note } },
      registry,
      llm: createMockLLM(),
      commands: {
        enqueue(command, envelope) {
          const isMove = command.type === "job.updateStatus" || command.type === "job.updateStatusMany";
          if (!isBroken || !isMove) return opened.commands.enqueue(command, envelope);
          claims += command.type === "job.updateStatusMany" ? command.jobs.length : 1;
          const details = { sqlite: "SQLITE_IOERR", outcome: "not applied" } as const;
          return Promise.reject(new CoreError("ATLAS_CORE_STORAGE_FAILED", details, "The storage failed."));
        },
        enqueueAll: opened.commands.enqueueAll,
      },
    });
    opened.store.onCommitted(runner.wake);
    await runner.start();
    for (let index = 0; index < 20; index += 1)
      await opened.commands.enqueue({ type: "job.create", job: { id: `j${index}`, workflow_id: "work.v1" } });
    for (let second = 0; second < 60; second += 1) {
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      clock.advance(1_000);
    }
    // Ten slots at each of ten rounds: the first, and after 0.1, 0.2, 0.4 … 25.6 s.
    expect(claims).toBeGreaterThan(10);
    expect(claims).toBeLessThanOrEqual(100);
    expect(lines).toEqual(["Jobs cannot be claimed. Atlas keeps trying, with growing pauses."]);
    isBroken = false;
    await untilFound(async () => {
      clock.advance(1_000);
      return (await opened.repo.listJobs({ status: "succeeded" })).items.length === 20;
    });
    await runner.stop(0);
  });

  it("backs off when delayed jobs cannot be marked as due, says so once, and runs them once they can", async () => {
    const lines: unknown[] = [];
    const note = (_: unknown, message: string) => void lines.push(message);
    const clock = createFakeClock();
    const opened = await openStore({ clock });
    let marks = 0;
    let isBroken = true;
    let runs = 0;
    const registry = createPluginRegistry();
    registry.registerWorkflow({
      id: "work.v1",
      perKey: { key: () => "key" },
      async run() {
        runs += 1;
      },
    });
    const runner = createJobRunner({
      ...opened,
      host: { clock, log: { ...silentLogger, warn: note, error: note } },
      registry,
      llm: createMockLLM(),
      commands: {
        enqueue(command, envelope) {
          if (command.type !== "job.markDue") return opened.commands.enqueue(command, envelope);
          marks += 1;
          if (!isBroken) return opened.commands.enqueue(command, envelope);
          const details = { sqlite: "SQLITE_IOERR", outcome: "not applied" } as const;
          return Promise.reject(new CoreError("ATLAS_CORE_STORAGE_FAILED", details, "The storage failed."));
        },
        enqueueAll: opened.commands.enqueueAll,
      },
    });
    onTestFinished(() => runner.stop(0));
    opened.store.onCommitted(runner.wake);
    await runner.start();
    const run_at = new Date(clock.now() + 1_000).toISOString();
    await opened.commands.enqueue({
      type: "job.create",
      job: { id: "later", workflow_id: "work.v1", run_at, group_key: "key" },
    });
    const pass = async (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
        clock.advance(1_000);
      }
    };
    await pass(60);
    expect(marks).toBeGreaterThan(3);
    // At first after 0.1, 0.2, 0.4 … 25.6 s: not each time that somebody looks.
    expect(marks).toBeLessThanOrEqual(12);
    expect(lines).toEqual(["Jobs cannot be claimed. Atlas keeps trying, with growing pauses."]);
    expect(runs).toBe(0);
    isBroken = false;
    await pass(60);
    expect(runs).toBe(1);
  });

  it("reports again what the storage could not take at first", async () => {
    const clock = createFakeClock();
    const opened = await openStore({ clock });
    let failures = 2;
    const registry = createPluginRegistry();
    registry.registerWorkflow({ id: "work.v1", run: async () => undefined });
    const runner = createJobRunner({
      ...opened,
      registry,
      llm: createMockLLM(),
      commands: {
        enqueue(command, envelope) {
          if (command.type === "job.updateStatus" && command.status === "succeeded" && failures > 0) {
            failures -= 1;
            return Promise.reject(
              new CoreError("ATLAS_CORE_QUEUE_FULL", { queued: 1, queuedBytes: 1 }, "The queue is full."),
            );
          }
          return opened.commands.enqueue(command, envelope);
        },
        enqueueAll: opened.commands.enqueueAll,
      },
    });
    opened.store.onCommitted(runner.wake);
    await runner.start();
    await opened.commands.enqueue({ type: "job.create", job: { id: "j1", workflow_id: "work.v1" } });
    const job = await untilFound(async () => {
      clock.advance(1_000);
      const found = await opened.repo.getJob("j1");
      return found?.status === "succeeded" ? found : undefined;
    });
    expect(job.attempt).toBe(1);
    expect(failures).toBe(0);
    await runner.stop(0);
  });

  it("gives plugins what extensions provide, and nothing to change it with", async () => {
    let services: object | undefined;
    const { create, until } = await running(async (ctx) => {
      services = ctx.services;
    });
    await create("j1");
    await until("j1", ended);
    expect(services).toEqual({});
    expect(Object.isFrozen(services)).toBe(true);
  });
});
