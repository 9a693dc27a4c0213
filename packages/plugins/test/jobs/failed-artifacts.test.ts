import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it } from "vitest";
import type { WorkflowContext } from "../../src/index.ts";
import { runningJobs } from "../support/running-jobs.ts";

type Work = (ctx: WorkflowContext) => Promise<unknown>;

/** Runs a job whose attempts do these things one after the other; all but the last fail. */
async function titles(list: readonly Work[]) {
  let runs = 0;
  const jobs = await runningJobs(
    async (ctx) => {
      runs += 1;
      await list[runs - 1]?.(ctx);
      if (runs < list.length) throw new Error("not yet");
    },
    { workflow: { retry: { maxAttempts: list.length, firstDelayMs: 0 } } },
  );
  await jobs.commands.enqueue({
    type: "artifact.create",
    artifact: { id: "foreign", type: "page", title: "foreign" },
  });
  await jobs.create("j1");
  const job = await jobs.over("j1");
  const left = (await jobs.repo.findArtifacts()).items.map(({ title }) => title).sort();
  return { ...jobs, job, left };
}

const emit = (title: string, key?: string) => (ctx: WorkflowContext) =>
  ctx.emitArtifact({ type: "page", title }, key === undefined ? {} : { key });

describe("the artifacts of a job that has succeeded", () => {
  it("are those of the successful attempt: numbered, with keys and with ids", async () => {
    const { left, repo, job, store } = await titles([
      async (ctx) => {
        for (const title of ["1", "2", "3"]) await emit(title)(ctx);
        await emit("old key", "old")(ctx);
        await ctx.emitArtifact({ id: "own", type: "page", title: "own id" });
      },
      emit("new 1"),
    ]);
    expect(job.attempt).toBe(2);
    expect(left).toEqual(["foreign", "new 1"]);
    const events = (await repo.listDomainEvents()).items;
    const deleted = events.filter(({ type }) => type === "artifact.deleted");
    expect(deleted.map(({ aggregate_id }) => aggregate_id)).toContain("j1:artifact:2");
    expect(deleted[0]?.payload).toEqual({ job_id: "j1" });
    // One unit: nobody sees the job succeeded beside what is left of its first attempt.
    const success = events.find(({ type }) => type === "job.succeeded");
    expect(new Set([...deleted, success].map((event) => event?.created_at)).size).toBe(1);
    expect(await repo.plugins.listJobCalls("j1")).toEqual([]);
    expect(await store.verify()).toMatchObject({ status: "verified" });
  });

  it("include those of a step that an earlier attempt has finished", async () => {
    const step = (ctx: WorkflowContext) =>
      ctx.step("paid", async () => void (await emit("in the step")(ctx)));
    const { left } = await titles([
      step,
      step,
      async (ctx) => {
        await step(ctx);
        await emit("last")(ctx);
      },
    ]);
    expect(left).toEqual(["foreign", "in the step", "last"]);
  });

  it("do not include those of a step that failed and made fewer when it ran again", async () => {
    const { left } = await titles([
      (ctx) =>
        ctx.step("pages", async () => {
          await emit("1")(ctx);
          await emit("2")(ctx);
          throw new Error("no");
        }),
      (ctx) => ctx.step("pages", async () => void (await emit("again 1")(ctx))),
      (ctx) => ctx.step("pages", async () => void (await emit("not run")(ctx))),
    ]);
    expect(left).toEqual(["again 1", "foreign"]);
  });

  it("do not include those of a failed try of a step", async () => {
    let tries = 0;
    const { left } = await titles([
      () => Promise.reject(new Error("first")),
      (ctx) =>
        ctx.step("pages", { retry: { maxAttempts: 2, firstDelayMs: 0 } }, async () => {
          tries += 1;
          await emit(`${tries}.1`)(ctx);
          if (tries === 1) {
            await emit("1.2")(ctx);
            throw new Error("no");
          }
        }),
    ]);
    expect(left).toEqual(["2.1", "foreign"]);
  });

  it("leave alone what somebody else stored for the job, and what now belongs to another", async () => {
    const { left } = await titles([
      async (ctx) => {
        await ctx.commands.enqueue({
          type: "artifact.create",
          artifact: { id: "by-command", type: "page", title: "by command", job_id: "j1" },
        });
        await ctx.emitArtifact({ id: "moved", type: "page", title: "mine" });
      },
      (ctx) =>
        ctx.commands.enqueue({
          type: "artifact.create",
          artifact: { id: "moved", type: "page", title: "moved", job_id: "j2" },
        }),
    ]);
    expect(left).toEqual(["by command", "foreign", "moved"]);
  });
});

it("keeps the artifacts of a job that failed for good, as a trace of what it did", async () => {
  const { left, job } = await titles([
    emit("1"),
    async (ctx) => {
      await emit("again")(ctx);
      throw new Error("for good");
    },
  ]);
  expect(job.status).toBe("failed");
  expect(left).toEqual(["again", "foreign"]);
});

it("removes what a run left that ended in a wait", async () => {
  const clock = createFakeClock();
  let runs = 0;
  const jobs = await runningJobs(
    async (ctx) => {
      runs += 1;
      if (runs === 1) await emit("before the wait", "before")(ctx);
      await ctx.sleep("nap", 1_000);
      await emit("after")(ctx);
    },
    { clock },
  );
  await jobs.create("j1");
  await jobs.waiting("j1");
  clock.advance(5_001);
  await jobs.over("j1");
  expect((await jobs.repo.findArtifacts()).items.map(({ title }) => title)).toEqual(["after"]);
});
