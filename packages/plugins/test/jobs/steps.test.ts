import type { Clock, Job, NewJob } from "@atlas/core";
import { createMockLLM } from "@atlas/llm/mock";
import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it, onTestFinished } from "vitest";
import type { WorkflowPlugin } from "../../src/index.ts";
import { createJobRunner, createPluginRegistry } from "../../src/runtime.ts";
import { openStore } from "../support/open-store.ts";
import { until } from "../support/until.ts";

async function running(
  run: WorkflowPlugin["run"],
  { clock, concurrency = 10 }: { readonly clock?: Clock; readonly concurrency?: number } = {},
) {
  const opened = await openStore(clock === undefined ? {} : { clock });
  const { store, repo, commands } = opened;
  const registry = createPluginRegistry();
  registry.registerWorkflow({ id: "work.v1", run });
  registry.registerWorkflow({ id: "child.v1", run: async () => undefined });
  const startRunner = async () => {
    const runner = createJobRunner({
      ...opened,
      registry,
      llm: createMockLLM(),
      random: () => 0,
      concurrency,
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
  const waiting = (id: string) => job(id, ({ status, attempt }) => status === "queued" && attempt > 0);
  const over = (id: string) => job(id, ({ status }) => status === "succeeded" || status === "failed");
  const emit = (type: string, payload: Readonly<Record<string, string>> = {}) =>
    commands.enqueue({ type: "domainEvent.emit", event: { type, payload } });
  return { ...opened, runner, startRunner, create, waiting, over, emit };
}

describe("a step", () => {
  it("is done once, whatever comes after it, and gives the same result again", async () => {
    let paid = 0;
    const results: unknown[] = [];
    const { create, over, repo } = await running(async (ctx) => {
      results.push(
        await ctx
          .step("pay", async () => {
            paid += 1;
            return { receipt: paid, at: undefined as string | undefined };
          })
          .catch(() => "refused"),
      );
      results.push(await ctx.step("pay twice", () => ({ receipt: 7 })));
      results.push(await ctx.step("nothing", () => undefined));
      if (ctx.attempt === 1) throw new Error("after the steps");
    });
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 2 });
    // An undefined value is no JSON: that step was refused both times, and done both times.
    expect(results).toEqual(["refused", { receipt: 7 }, undefined, "refused", { receipt: 7 }, undefined]);
    expect(paid).toBe(2);
    expect(await repo.plugins.listJobSteps("j1")).toEqual([]);
  });

  it("is done again when it failed", async () => {
    let calls = 0;
    const { create, over } = await running(async (ctx) => {
      await ctx.step("flaky", () => {
        calls += 1;
        if (calls === 1) throw new Error("not yet");
      });
    });
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(calls).toBe(2);
  });

  it.each([
    [
      "used twice in an attempt",
      async (ctx) => {
        await ctx.step("one", () => 1);
        await ctx.step("one", () => 2);
      },
      "ATLAS_PLUGINS_STEP_REUSED",
    ],
    [
      "with a result over 64 KiB",
      (ctx) => ctx.step("big", () => "x".repeat(65_536)),
      "ATLAS_PLUGINS_STEP_TOO_LARGE",
    ],
    [
      "with a result that is no JSON",
      (ctx) => ctx.step("date", () => ({ at: new Date(0) })),
      "ATLAS_CORE_JSON_INVALID",
    ],
  ] satisfies readonly (readonly [
    string,
    (ctx: Parameters<WorkflowPlugin["run"]>[0]) => Promise<unknown>,
    string,
  ])[])("%s fails the job, which is not tried again", async (_, run, code) => {
    const { create, over } = await running(async (ctx) => void (await run(ctx)));
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "failed", attempt: 1, error: { code } });
  });

  it.each(["", "$wait:1", "x".repeat(201)])("cannot be named %j", async (name) => {
    let error: unknown;
    const { create, over } = await running(async (ctx) => {
      error = await ctx.step(name, () => 1).catch((caught: unknown) => caught);
    });
    await create("j1");
    await over("j1");
    expect(error).toBeInstanceOf(TypeError);
  });
});

describe("a wait", () => {
  it("for a time holds no slot, is no attempt, and survives a restart", async () => {
    const clock = createFakeClock();
    const trace: string[] = [];
    const { create, waiting, over, runner, startRunner } = await running(
      async (ctx, _input, id) => {
        if (id === "other") return;
        trace.push(`begun ${ctx.attempt}`);
        await ctx.step("first", () => void trace.push("first"));
        await ctx.sleepUntil(ctx.clock.now() + 3_600_000);
        await ctx.step("second", () => void trace.push("second"));
      },
      { clock, concurrency: 1 },
    );
    await create("j1", { max_attempts: 1 });
    expect(await waiting("j1")).toMatchObject({ run_at: "2026-01-01T01:00:00.000Z" });
    await create("other");
    await over("other");
    await runner.stop(0);
    await startRunner();
    clock.advance(3_599_999);
    await new Promise(setImmediate);
    expect(trace).toEqual(["begun 1", "first"]);
    clock.advance(1);
    expect(await over("j1")).toMatchObject({ status: "succeeded" });
    expect(trace).toEqual(["begun 1", "first", "begun 1", "second"]);
  });

  it("for an event ends with the first that matches, and brings it", async () => {
    const got: unknown[] = [];
    const { create, waiting, over, emit } = await running(async (ctx) => {
      const event = await ctx.waitForEvent({ type: "approved", payload: { by: "ada" } });
      got.push(event?.payload);
    });
    await emit("approved", { by: "ada" });
    await create("j1");
    await waiting("j1");
    await emit("approved", { by: "eve" });
    await emit("rejected", { by: "ada" });
    await emit("approved", { by: "ada", note: "fine" });
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(got).toEqual([{ by: "ada", note: "fine" }]);
  });

  it("for an event finds one that its own attempt has caused before it waited", async () => {
    let got: string | undefined;
    const { create, over } = await running(async (ctx) => {
      void ctx.commands.enqueue({ type: "domainEvent.emit", event: { type: "asked" } });
      got = (await ctx.waitForEvent({ type: "asked" }))?.type;
    });
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 1 });
    expect(got).toBe("asked");
  });

  it("for an event ends without one when its time is up", async () => {
    const clock = createFakeClock();
    const got: unknown[] = [];
    const { create, waiting, over } = await running(
      async (ctx) => {
        got.push(await ctx.waitForEvent({ type: "never" }, { timeoutMs: 1_000 }));
      },
      { clock },
    );
    await create("j1");
    await waiting("j1");
    clock.advance(1_000);
    expect(await over("j1")).toMatchObject({ status: "succeeded" });
    expect(got).toEqual([undefined]);
  });

  it("for an event is taken up by the next process, also when the event came in between", async () => {
    let got: string | undefined;
    const { create, waiting, over, emit, runner, startRunner } = await running(async (ctx) => {
      got = (await ctx.waitForEvent({ type: "approved" }))?.type;
    });
    await create("j1");
    await waiting("j1");
    await runner.stop(0);
    await emit("approved");
    await startRunner();
    expect(await over("j1")).toMatchObject({ status: "succeeded" });
    expect(got).toBe("approved");
  });

  it("for other jobs ends when all of them are over", async () => {
    const got: string[] = [];
    const { create, over } = await running(
      async (ctx) => {
        const children = await Promise.all([1, 2, 3].map(() => ctx.spawnJob({ workflow_id: "child.v1" })));
        const jobs = await ctx.waitForJobs(children.map(({ id }) => id));
        got.push(...jobs.map(({ id, status }) => `${id} ${status}`));
      },
      { concurrency: 1 },
    );
    await create("j1", { max_attempts: 1 });
    expect(await over("j1")).toMatchObject({ status: "succeeded" });
    expect(got).toEqual(["j1:job:1 succeeded", "j1:job:2 succeeded", "j1:job:3 succeeded"]);
  });

  it("ends in no success when something that was sent before it is refused", async () => {
    const { create, over } = await running(async (ctx) => {
      void ctx.commands.enqueue({ type: "artifact.update", id: "missing", patch: {} });
      await ctx.sleepUntil("2999-01-01T00:00:00Z");
    });
    await create("j1");
    expect(await over("j1")).toMatchObject({ status: "failed", error: { code: "ATLAS_CORE_NOT_FOUND" } });
  });

  it("for a time that is none is refused", async () => {
    const errors: unknown[] = [];
    const { create, over } = await running(async (ctx) => {
      for (const time of ["soon", Number.NaN, new Date("no")])
        errors.push(await ctx.sleepUntil(time).catch((error: unknown) => error));
    });
    await create("j1");
    await over("j1");
    expect(errors).toHaveLength(3);
    for (const error of errors) expect(error).toBeInstanceOf(TypeError);
  });
});
