import { defineWorkflow, type WorkflowPlugin } from "@atlas/plugins";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { createGateway, type GatewayOptions, silentLogger } from "../src/index.ts";

async function open(options: Partial<GatewayOptions> = {}) {
  const gateway = await createGateway({ database: ":memory:", log: silentLogger, ...options });
  onTestFinished(() => gateway.stop());
  return gateway;
}

const typed = defineWorkflow({
  id: "typed.v1",
  input: z.object({ topic: z.string("must be a topic"), tags: z.array(z.string()).default([]) }),
  run: async () => undefined,
});
const late: WorkflowPlugin = {
  id: "late.v1",
  input: {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: async () => ({ issues: [{ message: "asked somebody, and no", path: [{ key: "a" }, 0] }] }),
    },
  },
  run: async () => undefined,
};

describe("a job whose input its workflow's schema does not take", () => {
  it("is refused when it is created, with the schema's own message and path", async () => {
    const gateway = await open({ workflows: [typed, late] });
    await expect(gateway.jobs.create({ workflow_id: "typed.v1", input: { topic: 7 } })).rejects.toMatchObject(
      {
        code: "ATLAS_PLUGINS_INPUT_INVALID",
        details: { workflow_id: "typed.v1", path: "topic" },
        message: 'The input of a job for the workflow "typed.v1" is invalid at "topic": must be a topic',
      },
    );
    await expect(gateway.jobs.create({ workflow_id: "typed.v1" })).rejects.toMatchObject({
      details: { path: "topic" },
    });
    await expect(gateway.jobs.create({ workflow_id: "late.v1" })).rejects.toMatchObject({
      details: { path: "a.0" },
    });
    expect((await gateway.repo.listJobs()).items).toEqual([]);
  });

  it("is refused whoever sends it, also as a plain command", async () => {
    const gateway = await open({ workflows: [typed] });
    const sent = gateway.commands.enqueue({
      type: "job.create",
      job: { workflow_id: "typed.v1", input: { topic: "sea", tags: "none" } },
    });
    await expect(sent).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_INPUT_INVALID",
      details: { path: "tags" },
    });
  });

  it("is kept as it was sent where the schema takes it", async () => {
    const gateway = await open({ workflows: [typed] });
    const job = await gateway.jobs.create({ workflow_id: "typed.v1", input: { topic: "sea" } });
    expect(job.input).toEqual({ topic: "sea" });
  });
});

describe("a job", () => {
  it("of an unknown workflow is refused with the nearest id", async () => {
    const gateway = await open({ workflows: [typed] });
    await expect(gateway.jobs.create({ workflow_id: "typd.v1" })).rejects.toThrow('Did you mean "typed.v1"?');
  });

  it("is one, however many ask for it at the same time with the same key", async () => {
    let runs = 0;
    const gateway = await open({
      workflows: [
        {
          id: "once.v1",
          async run() {
            runs += 1;
          },
        },
      ],
    });
    await gateway.start();
    const jobs = await Promise.all(
      Array.from({ length: 50 }, () =>
        gateway.jobs.create({ workflow_id: "once.v1", idempotency_key: "order-7" }),
      ),
    );
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(1);
    await gateway.jobs.wait(jobs[0]?.id ?? "");
    expect(runs).toBe(1);
  });

  it("that is queued never runs once it is cancelled, and one that is over stays as it is", async () => {
    let runs = 0;
    const gateway = await open({
      workflows: [
        {
          id: "work.v1",
          async run() {
            runs += 1;
          },
        },
      ],
    });
    const job = await gateway.jobs.create({ workflow_id: "work.v1" });
    expect(await gateway.jobs.cancel(job.id)).toMatchObject({ status: "cancelled" });
    await gateway.start();
    const other = await gateway.jobs.create({ workflow_id: "work.v1" });
    await gateway.jobs.wait(other.id);
    expect(await gateway.jobs.cancel(other.id)).toMatchObject({ status: "succeeded" });
    expect(runs).toBe(1);
    await expect(gateway.jobs.cancel("nobody")).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_JOB_NOT_FOUND",
    });
  });

  it("cannot be waited for before the gateway is started, unless it has ended", async () => {
    const gateway = await open({ workflows: [typed] });
    const job = await gateway.jobs.create({ workflow_id: "typed.v1", input: { topic: "sea" } });
    await expect(gateway.jobs.wait(job.id)).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_NOT_STARTED",
      details: { id: job.id },
      message: expect.stringContaining("Call gateway.start() first."),
    });
    await gateway.jobs.cancel(job.id);
    expect(await gateway.jobs.wait(job.id)).toMatchObject({ status: "cancelled" });
    await expect(gateway.jobs.wait("nobody")).rejects.toMatchObject({ code: "ATLAS_PLUGINS_JOB_NOT_FOUND" });
  });

  it("that waited says how many runs it had, and how many attempts these used", async () => {
    const gateway = await open({
      workflows: [
        {
          id: "patient.v1",
          async run(ctx) {
            await ctx.waitForEvent("go", { type: "go" });
            expect(await ctx.repo.getJob("j1")).toMatchObject({ attempt: 2 });
            expect(ctx.attempt).toBe(1);
            throw Object.assign(new Error("no"), { retryable: false });
          },
        },
      ],
    });
    await gateway.start();
    await gateway.jobs.create({ id: "j1", workflow_id: "patient.v1" });
    while ((await gateway.jobs.listWaits("j1")).length === 0) await new Promise(setImmediate);
    expect(await gateway.repo.plugins.getJobAttempts("j1")).toEqual({ runs: 1, attempts_used: 0 });
    await gateway.commands.enqueue({ type: "domainEvent.emit", event: { type: "go" } });
    expect(await gateway.jobs.wait("j1")).toMatchObject({
      status: "failed",
      attempt: 2,
      error: { message: "no" },
    });
    expect(await gateway.repo.plugins.getJobAttempts("j1")).toEqual({ runs: 2, attempts_used: 1 });
  });

  it("refuses options that a method does not have", async () => {
    const gateway = await open({ sinks: [{ id: "log", handle: async () => undefined }] });
    await expect(gateway.jobs.wait("j1", { singal: undefined } as never)).rejects.toThrow(
      'jobs.wait: "singal" is not an option. Did you mean "signal"?',
    );
    await expect(gateway.sinks.redrive("log", { eventid: "x" } as never)).rejects.toThrow(
      'sinks.redrive: "eventid" is not an option. Did you mean "event_id"?',
    );
  });

  it("that has failed for good is redriven with all its attempts and its finished steps", async () => {
    let works = false;
    let paid = 0;
    const attempts: number[] = [];
    const gateway = await open({
      workflows: [
        {
          id: "work.v1",
          retry: { maxAttempts: 2, firstDelayMs: 0 },
          async run(ctx) {
            attempts.push(ctx.attempt);
            await ctx.step("pay", () => {
              paid += 1;
            });
            if (!works) throw new Error("down");
          },
        },
      ],
    });
    await gateway.start();
    const job = await gateway.jobs.create({ workflow_id: "work.v1" });
    expect(await gateway.jobs.wait(job.id)).toMatchObject({ status: "failed", attempt: 2 });
    expect(await gateway.repo.plugins.getJobAttempts(job.id)).toEqual({ runs: 2, attempts_used: 2 });
    works = true;
    expect(await gateway.jobs.redrive(job.id)).toMatchObject({ id: job.id });
    expect(await gateway.jobs.wait(job.id)).toMatchObject({ status: "succeeded", attempt: 3 });
    expect(attempts).toEqual([1, 2, 1]);
    expect(await gateway.repo.plugins.getJobAttempts(job.id)).toEqual({ runs: 3 });
    expect(await gateway.repo.plugins.getJobAttempts("nobody")).toBeUndefined();
    expect(paid).toBe(1);
    await expect(gateway.jobs.redrive(job.id)).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_JOB_NOT_FAILED",
      details: { status: "succeeded" },
    });
  });

  it("comes by its workflow's schedule, with the schedule's input", async () => {
    const ran = Promise.withResolvers<unknown>();
    const gateway = await open({
      workflows: [
        {
          id: "hourly.v1",
          schedule: { everyMs: 3_600_000, input: { topic: "tides" } },
          run: async (_ctx, input) => ran.resolve(input),
        },
      ],
    });
    await gateway.start();
    expect(await ran.promise).toEqual({ topic: "tides" });
    const [schedule] = await gateway.repo.plugins.listSchedules();
    expect(schedule).toMatchObject({ kind: "workflow", id: "hourly.v1" });
  });
});

describe("a job with children", () => {
  const family: WorkflowPlugin = {
    id: "family.v1",
    async run(ctx, { depth }) {
      if (typeof depth === "number" && depth > 0)
        await ctx.spawnJob({ workflow_id: "family.v1", input: { depth: depth - 1 } });
      await ctx.wait("go");
    },
  };

  it.each([
    [undefined, "cancelled"],
    [false, "queued"],
  ] as const)("that is cancelled with children: %s leaves them %s", async (children, status) => {
    await using gateway = await createGateway({ database: ":memory:", workflows: [family] });
    await gateway.start();
    await gateway.jobs.create({ id: "j1", workflow_id: "family.v1", input: { depth: 2 } });
    const ids = ["j1", "j1:job:1", "j1:job:1:job:1"];
    for (const id of ids)
      while ((await gateway.repo.plugins.listWaits(id)).length === 0) await new Promise(setImmediate);
    await gateway.jobs.cancel("j1", children === undefined ? {} : { children });
    for (const id of ids.slice(1)) expect((await gateway.jobs.get(id))?.status).toBe(status);
    expect((await gateway.jobs.get("j1"))?.status).toBe("cancelled");
    expect(await gateway.jobs.signal("j1", "go", null)).toBe("closed");
    expect(await gateway.jobs.listWaits("j1")).toEqual([]);
  });

  it("that has succeeded keeps its children from being cancelled with it", async () => {
    await using gateway = await createGateway({
      database: ":memory:",
      workflows: [
        { id: "wait.v1", run: async (ctx) => void (await ctx.wait("go")) },
        {
          id: "leave.v1",
          run: async (ctx) => void (await ctx.spawnJob({ id: "child", workflow_id: "wait.v1" })),
        },
      ],
    });
    await gateway.start();
    await gateway.jobs.create({ id: "parent", workflow_id: "leave.v1" });
    expect(await gateway.jobs.wait("parent")).toMatchObject({ status: "succeeded" });
    while ((await gateway.repo.plugins.listWaits("child")).length === 0) await new Promise(setImmediate);
    expect(await gateway.jobs.cancel("parent")).toMatchObject({ status: "succeeded" });
    expect(await gateway.jobs.get("child")).toMatchObject({ status: "queued" });
  });
});

describe("a gateway", () => {
  it("refuses a workflow that needs a harness where there is none", async () => {
    const coding = defineWorkflow({
      id: "coding.v1",
      capabilities: ["harness"],
      run: async (ctx) => void ctx.harness,
    });
    await expect(createGateway({ database: ":memory:", workflows: [coding] })).rejects.toThrow(
      'The workflow "coding.v1" needs a harness',
    );
  });

  it("says how its plugins are, and what their checks found", async () => {
    const gateway = await open({
      sources: [
        { id: "feed", sync: () => Promise.reject(new Error("no network")), check: async () => undefined },
      ],
      sinks: [{ id: "log", handle: async () => undefined }],
    });
    await gateway.start();
    await expect(gateway.sync("feed")).rejects.toThrow("no network");
    expect(gateway.health()).toMatchObject({
      status: "ok",
      sources: [{ id: "feed", status: "failing", failures: 1, error: "no network" }],
      sinks: [{ id: "log", status: "ok" }],
      jobs: { running: 0 },
    });
    expect(await gateway.check()).toEqual({ sources: [{ id: "feed", status: "ok" }] });
    await expect(gateway.sinks.redrive("lok")).rejects.toThrow('Did you mean "log"?');
  });

  it("counts its jobs, and tells how a workflow went", async () => {
    const gateway = await open({
      workflows: [
        {
          id: "work.v1",
          async run(_ctx, input) {
            if (input["fails"] === true) throw new Error("no");
          },
        },
      ],
    });
    await gateway.start();
    const jobs = await Promise.all(
      [false, false, true].map((fails) =>
        gateway.jobs.create({ workflow_id: "work.v1", max_attempts: 1, input: { fails } }),
      ),
    );
    await Promise.all(jobs.map(({ id }) => gateway.jobs.wait(id)));
    await gateway.jobs.create({ workflow_id: "work.v1", run_at: "2999-01-01T00:00:00Z" });
    const { plugins } = gateway.repo;
    expect(await plugins.countJobs()).toEqual({
      queued: 1,
      running: 0,
      succeeded: 2,
      failed: 1,
      cancelled: 0,
    });
    expect(await plugins.oldestQueuedAt()).toBe("2999-01-01T00:00:00.000Z");
    const insight = await plugins.getWorkflowInsight("work.v1");
    expect(insight).toMatchObject({ jobs: 3, succeeded: 2, failed: 1 });
    expect(insight.run_ms?.p99).toBeGreaterThanOrEqual(0);
  });
});
