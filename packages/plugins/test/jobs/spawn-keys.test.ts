import type { Job } from "@atlas/core";
import { describe, expect, it } from "vitest";
import type { WorkflowContext } from "../../src/index.ts";
import { derivedId } from "../../src/jobs/derived-id.ts";
import { runningJobs } from "../support/running-jobs.ts";

const child = (page: string) => ({ workflow_id: "child.v1", input: { page } });

/** Runs a job whose attempts do these things one after the other; all but the last fail. */
async function attempts(list: readonly ((ctx: WorkflowContext) => Promise<unknown>)[], id = "j1") {
  let runs = 0;
  const jobs = await runningJobs(
    async (ctx) => {
      runs += 1;
      await list[runs - 1]?.(ctx);
      if (runs < list.length) throw new Error("not yet");
    },
    { workflow: { retry: { maxAttempts: list.length, firstDelayMs: 0 } } },
  );
  await jobs.create(id);
  const job = await jobs.over(id);
  const children = (await jobs.repo.listJobs({ parent_id: id })).items;
  const artifacts = (await jobs.repo.findArtifacts({ job_id: id })).items;
  return { ...jobs, job, children, artifacts };
}

const pages = (children: readonly Job[]): readonly unknown[] =>
  children.map(({ input }) => input["page"]).sort();

describe("child jobs and artifacts with keys", () => {
  it("are one for each key, whatever the order and the list of a later attempt", async () => {
    const { job, children } = await attempts([
      async (ctx) => {
        await ctx.spawnJob(child("a"), { key: "a" });
        await ctx.spawnJob(child("b"), { key: "b" });
      },
      async (ctx) => {
        await ctx.spawnJob(child("c"), { key: "c" });
        await ctx.spawnJob(child("b"), { key: "b" });
        await ctx.spawnJob(child("a"), { key: "a" });
      },
    ]);
    expect(job).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(pages(children)).toEqual(["a", "b", "c"]);
  });

  it("are replaced by a later attempt under the same key", async () => {
    const { artifacts } = await attempts([
      async (ctx) => {
        await ctx.emitArtifact({ type: "page", title: "old a" }, { key: "a" });
        await ctx.emitArtifact({ type: "page", title: "old b" }, { key: "b" });
      },
      async (ctx) => {
        await ctx.emitArtifact({ type: "page", title: "b" }, { key: "b" });
        await ctx.emitArtifact({ type: "page", title: "a" }, { key: "a" });
      },
    ]);
    expect(artifacts.map(({ title }) => title).sort()).toEqual(["a", "b"]);
  });

  it("fail the attempt when two children have one key, even if nobody awaits the second", async () => {
    const { job } = await attempts([
      async (ctx) => {
        await ctx.spawnJob(child("a"), { key: "a" });
        void ctx.spawnJob(child("b"), { key: "a" });
      },
    ]);
    expect(job).toMatchObject({ status: "failed", error: { code: "ATLAS_PLUGINS_KEY_REUSED" } });
  });

  it.each([
    [{ key: "" }, "1 to 255 bytes"],
    [{ key: "x".repeat(256) }, "1 to 255 bytes"],
    [{ kee: "a" }, 'Did you mean "key"?'],
  ])("take no %j", async (options, message) => {
    const { job } = await attempts([(ctx) => ctx.spawnJob(child("a"), options as { key: string })]);
    expect(job).toMatchObject({ status: "failed", error: { message: expect.stringContaining(message) } });
  });

  it("take an id or a key, not both", async () => {
    const { job } = await attempts([(ctx) => ctx.spawnJob({ id: "mine", ...child("a") }, { key: "a" })]);
    expect(job.error?.["message"]).toContain("takes an id or a key, not both");
  });
});

describe("numbered child jobs and artifacts", () => {
  it("are refused once an attempt makes another child with the same number, and the error says to pass a key", async () => {
    const { job, children, runner } = await attempts([
      async (ctx) => {
        await ctx.spawnJob(child("a"));
        await ctx.spawnJob(child("b"));
      },
      async (ctx) => {
        await ctx.spawnJob(child("b")).catch(() => "hidden");
      },
    ]);
    expect(job).toMatchObject({
      status: "failed",
      attempt: 2,
      error: {
        code: "ATLAS_PLUGINS_CALL_CHANGED",
        message: expect.stringMatching(/spawnJob, call 1 of the job "j1".*Pass a key/),
      },
    });
    expect(pages(children)).toEqual(["a", "b"]);
    expect(runner.running).toBe(0);
  });

  it("are refused when the artifact of that number had another type", async () => {
    const { job } = await attempts([
      (ctx) => ctx.emitArtifact({ type: "draft" }),
      (ctx) => ctx.emitArtifact({ type: "final" }),
    ]);
    expect(job.error).toMatchObject({ code: "ATLAS_PLUGINS_CALL_CHANGED" });
  });

  it("are reused while the list stays the same, also with keys in another order of fields", async () => {
    const { job, children } = await attempts([
      (ctx) => ctx.spawnJob({ workflow_id: "child.v1", input: { page: "a", size: 1 } }),
      (ctx) => ctx.spawnJob({ workflow_id: "child.v1", input: { size: 1, page: "a" } }),
    ]);
    expect(job).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(children).toMatchObject([{ id: "j1:job:1" }]);
  });

  it("count within their step, so that a finished step takes no number from those after it", async () => {
    const work = (ctx: WorkflowContext) =>
      ctx.step("first", async () => (await ctx.emitArtifact({ type: "page", title: "in the step" })).id);
    const { job, artifacts } = await attempts([
      async (ctx) => {
        await work(ctx);
        await ctx.emitArtifact({ type: "page", title: "after it, too early" });
      },
      async (ctx) => {
        expect(artifactsOfStep(await work(ctx))).toBe(true);
        await ctx.emitArtifact({ type: "page", title: "after it" });
      },
    ]);
    expect(job.status).toBe("succeeded");
    expect(artifacts.map(({ title }) => title).sort()).toEqual(["after it", "in the step"]);
  });

  it("are the same in every try of a step", async () => {
    let tries = 0;
    const { children } = await attempts([
      (ctx) =>
        ctx.step("spawn", { retry: { maxAttempts: 2, firstDelayMs: 0 } }, async () => {
          tries += 1;
          await ctx.spawnJob(child("a"));
          if (tries === 1) throw new Error("once more");
        }),
    ]);
    expect(tries).toBe(2);
    expect(pages(children)).toEqual(["a"]);
  });
});

const artifactsOfStep = (id: string): boolean => id.startsWith("j1:artifact:first:");

describe("a chain of jobs that spawn themselves", () => {
  async function chain(length: number, workflow: { readonly maxSpawnDepth?: number } = {}) {
    const jobs = await runningJobs(
      async (ctx, input) => {
        const page = Number(input["page"] ?? 0);
        if (page < length) await ctx.spawnJob({ workflow_id: "work.v1", input: { page: page + 1 } });
      },
      { workflow: { retry: { maxAttempts: 1 }, ...workflow } },
    );
    await jobs.create("0193e5b0-7a51-7c31-8f0e-3d2b1a0c9e88");
    const all: Job[] = [];
    for (let id = "0193e5b0-7a51-7c31-8f0e-3d2b1a0c9e88"; ; ) {
      const job = await jobs.over(id);
      all.push(job);
      const [next] = (await jobs.repo.listJobs({ parent_id: id })).items;
      if (next === undefined) return all;
      id = next.id;
    }
  }

  it("may have a hundred pages, with ids that do not grow", async () => {
    const all = await chain(100);
    expect(all).toHaveLength(101);
    expect(all.at(-1)).toMatchObject({ status: "succeeded", input: { page: 100 } });
    expect(Math.max(...all.map(({ id }) => id.length))).toBeLessThanOrEqual(128);
  });

  it("ends at the workflow's maxSpawnDepth with a clear error", async () => {
    const all = await chain(100, { maxSpawnDepth: 5 });
    expect(all).toHaveLength(6);
    expect(all.at(-1)?.error).toMatchObject({
      code: "ATLAS_PLUGINS_SPAWN_TOO_DEEP",
      message: expect.stringContaining("raise the workflow's maxSpawnDepth"),
    });
  });
});

describe("a derived id", () => {
  it("differs by job, kind, number, step and key, and has at most 255 bytes", () => {
    const wide = "語".repeat(85);
    const sources = [
      { number: 1 },
      { number: 1, step: "s" },
      { key: "1" },
      { key: "s" },
      { key: "語".repeat(200) },
    ];
    const ids = ["j", "j:job:1", wide].flatMap((job) =>
      (["artifact", "job"] as const).flatMap((kind) => sources.map((source) => derivedId(job, kind, source))),
    );
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(Buffer.byteLength(id)).toBeLessThanOrEqual(255);
    expect(derivedId("j", "job", { number: 1 })).toBe("j:job:1");
  });
});
