import type { WorkflowPlugin } from "@atlas/plugins";
import { expect, it, onTestFinished } from "vitest";
import { createGateway, silentLogger } from "../src/index.ts";
import { until } from "./support/until.ts";

const FAR = "2999-01-01T00:00:00.000Z";

async function open(run: WorkflowPlugin["run"] = async () => undefined) {
  const gateway = await createGateway({
    database: ":memory:",
    log: silentLogger,
    workflows: [{ id: "work.v1", retry: { firstDelayMs: 3_600_000, maxDelayMs: 3_600_000 }, run }],
  });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  return gateway;
}

it("runs a delayed job now", async () => {
  const { jobs } = await open();
  const { id } = await jobs.create({ workflow_id: "work.v1", run_at: FAR });
  const promoted = await jobs.promote(id);
  expect(promoted.run_at < FAR).toBe(true);
  expect(await jobs.wait(id)).toMatchObject({ status: "succeeded", attempt: 1 });
});

it("runs the next attempt now, and keeps what the last one failed with until then", async () => {
  let runs = 0;
  const gateway = await open(async (_ctx, _input, id) => {
    runs += 1;
    if (runs === 1) throw new Error(`no luck with ${id}`);
  });
  const { jobs } = gateway;
  const { id } = await jobs.create({ workflow_id: "work.v1" });
  await until(async () => (await jobs.get(id))?.error !== undefined);
  await gateway.pause({ workflow: "work.v1" });
  expect((await jobs.promote(id)).error).toMatchObject({ message: `no luck with ${id}` });
  expect(runs).toBe(1);
  await gateway.resume({ workflow: "work.v1" });
  expect(await jobs.wait(id)).toMatchObject({ status: "succeeded", attempt: 2 });
});

it("leaves a job that is due as it is", async () => {
  const gateway = await open();
  await gateway.pause({ workflow: "work.v1" });
  const job = await gateway.jobs.create({ workflow_id: "work.v1" });
  expect(await gateway.jobs.promote(job.id)).toEqual(job);
});

it("is refused for a job that waits, whatever it waits for", async () => {
  const { jobs } = await open(async (ctx, input) => {
    if (input["sleep"] === true) await ctx.sleep("long", 3_600_000);
    else await ctx.wait("approval");
  });
  for (const sleep of [true, false]) {
    const { id } = await jobs.create({ workflow_id: "work.v1", input: { sleep } });
    const waiting = await until(async () => {
      const job = await jobs.get(id);
      return job?.status === "queued" && job.attempt === 1 ? job : undefined;
    });
    await expect(jobs.promote(id)).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_JOB_NOT_DELAYED",
      details: { id, status: "waiting" },
      message: expect.stringContaining("jobs.listWaits"),
    });
    expect(await jobs.get(id)).toEqual(waiting);
  }
});

it("is refused for a job that runs, has ended or does not exist", async () => {
  const free = Promise.withResolvers<void>();
  const { jobs } = await open(() => free.promise);
  const { id } = await jobs.create({ workflow_id: "work.v1" });
  await until(async () => (await jobs.get(id))?.status === "running");
  await expect(jobs.promote(id)).rejects.toMatchObject({ details: { status: "running" } });
  free.resolve();
  await jobs.wait(id);
  await expect(jobs.promote(id)).rejects.toMatchObject({
    code: "ATLAS_PLUGINS_JOB_NOT_DELAYED",
    details: { status: "succeeded" },
  });
  await expect(jobs.promote("nobody")).rejects.toMatchObject({ code: "ATLAS_PLUGINS_JOB_NOT_FOUND" });
});

it("changes nothing when the job was cancelled meanwhile", async () => {
  const gateway = await open();
  const { id } = await gateway.jobs.create({ workflow_id: "work.v1", run_at: FAR });
  const [cancelled, promoted] = await Promise.allSettled([gateway.jobs.cancel(id), gateway.jobs.promote(id)]);
  expect(cancelled).toMatchObject({ value: { status: "cancelled" } });
  expect(promoted).toMatchObject({ reason: { code: "ATLAS_PLUGINS_JOB_NOT_DELAYED" } });
  expect(await gateway.jobs.get(id)).toMatchObject({ status: "cancelled", attempt: 0 });
});
