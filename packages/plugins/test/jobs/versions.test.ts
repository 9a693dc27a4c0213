import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  defineWorkflow,
  type OnVersionChange,
  type VersionChange,
  type WorkflowContext,
  type WorkflowPlugin,
} from "../../src/index.ts";
import { createPluginRegistry } from "../../src/runtime.ts";
import { runningJobs } from "../support/running-jobs.ts";
import { until } from "../support/until.ts";

type Run = WorkflowPlugin["run"];

/** A job that began under version 1 and waits for "go"; then the code is edited, and the answer comes. */
async function edited(options: {
  readonly first: Run;
  readonly next: Run;
  readonly from?: number;
  readonly to?: number;
  readonly onVersionChange?: OnVersionChange;
  readonly max_attempts?: number;
}) {
  const { first, next, from, to = 2, onVersionChange, max_attempts = 3 } = options;
  const opened = await runningJobs(first, { workflow: from === undefined ? {} : { version: from } });
  await opened.create("j1", { max_attempts });
  await opened.waiting("j1");
  opened.edit(next, { version: to, ...(onVersionChange === undefined ? {} : { onVersionChange }) });
  await opened.signal("j1", "go", { yes: true }, { by: "ada" });
  const job = await opened.over("j1");
  return { ...opened, after: job };
}

const waitForGo = async (ctx: WorkflowContext): Promise<void> => {
  await ctx.step("one", () => "old");
  await ctx.wait("go");
};

describe("a job that began under another version of its workflow", () => {
  it("goes on with its results, and code can tell under which version it began", async () => {
    const seen: unknown[] = [];
    const { after, repo, create, over } = await edited({
      first: waitForGo,
      next: async (ctx) => {
        seen.push([ctx.version, await ctx.step("one", () => "new")]);
      },
    });
    expect(after).toMatchObject({ status: "succeeded" });
    expect(seen).toEqual([[1, "old"]]);
    expect(await repo.plugins.getJobVersion("j1")).toBe(1);
    await create("j2");
    await over("j2");
    expect(seen).toEqual([
      [1, "old"],
      [2, "new"],
    ]);
    // It is known for as long as the job is.
    expect(await repo.plugins.getJobVersion("j2")).toBe(2);
    expect(await repo.plugins.getJobVersion("nobody")).toBeUndefined();
  });

  it("fails where the workflow says so, keeps its results, and goes on once that version is back", async () => {
    const ran: unknown[] = [];
    const { after, repo, edit, commands, job } = await edited({
      first: waitForGo,
      next: async () => void ran.push("new"),
      onVersionChange: "fail",
    });
    expect(after).toMatchObject({
      status: "failed",
      attempt: 2,
      error: {
        code: "ATLAS_PLUGINS_VERSION_CHANGED",
        message: expect.stringContaining('The job "j1" began under version 1 of the workflow "work.v1"'),
      },
    });
    expect(ran).toEqual([]);
    expect(await repo.plugins.listJobSteps("j1")).toMatchObject([{ name: "one", result: "old" }]);
    edit(async (ctx) => void ran.push(await ctx.step("one", () => "again")), { version: 1 });
    await commands.enqueueAll([
      { type: "plugins.job.forgive", job_id: "j1", attempt: 2 },
      { type: "job.updateStatus", id: "j1", status: "queued" },
    ]);
    expect(await job("j1", ({ status }) => status === "succeeded")).toMatchObject({ attempt: 3 });
    expect(ran).toEqual(["old"]);
  });

  it("is decided by the workflow's function, which is told what has finished", async () => {
    const changes: VersionChange[] = [];
    const { after } = await edited({
      from: 4,
      first: async (ctx) => {
        await ctx.step("charge", () => 1);
        await ctx.step("mail", () => 2);
        await ctx.wait("go");
      },
      to: 3,
      next: async () => undefined,
      onVersionChange(change) {
        changes.push(change);
        return "continue";
      },
    });
    expect(after).toMatchObject({ status: "succeeded" });
    expect(changes).toMatchObject([
      { from: 4, to: 3, finishedSteps: ["charge", "mail"], job: { id: "j1", attempt: 2 } },
    ]);
  });

  it.each([
    [
      () => {
        throw new Error("undecided");
      },
      "undecided",
    ],
    [() => "retry" as never, 'must return "continue", "restart" or "fail"'],
    [(() => Promise.reject(new Error("late"))) as never, "got [object Promise]"],
    [(async () => "restart") as never, 'must return "continue", "restart" or "fail"'],
  ])("fails its attempt when that function decides nothing", async (onVersionChange, message) => {
    const ran: number[] = [];
    const { after } = await edited({
      first: waitForGo,
      next: async () => void ran.push(1),
      onVersionChange: onVersionChange as OnVersionChange,
      max_attempts: 1,
    });
    expect(after).toMatchObject({ status: "failed", error: { message: expect.stringContaining(message) } });
    expect(ran).toEqual([]);
  });

  it("is asked about no more once versions are the same again", async () => {
    const asked: number[] = [];
    const { create, waiting, edit, signal, over } = await runningJobs(waitForGo, {
      workflow: { version: 7, onVersionChange: () => asked.push(1) > 0 && "fail" } as never,
    });
    await create("j1");
    await waiting("j1");
    edit(async () => undefined, { version: 7 });
    await signal("j1", "go", true);
    expect(await over("j1")).toMatchObject({ status: "succeeded" });
    expect(asked).toEqual([]);
  });
});

describe("a job that is restarted", () => {
  it("runs without its steps and times, with all its attempts, and once", async () => {
    const clock = createFakeClock();
    const trace: unknown[] = [];
    const opened = await runningJobs(
      async (ctx) => {
        await ctx.step("one", () => trace.push("one, old"));
        ctx.progress({ done: 1 });
        if (ctx.attempt === 1) throw new Error("first");
        await ctx.sleep("nap", 60_000);
      },
      { clock, random: () => 0 },
    );
    const { create, edit, job, over, repo } = opened;
    await create("j1", { max_attempts: 2 });
    await job("j1", ({ status, attempt }) => status === "queued" && attempt === 2);
    edit(
      async (ctx) => {
        trace.push([ctx.version, ctx.attempt, await ctx.step("one", () => "one, new")]);
        if (ctx.attempt === 1) throw new Error("again");
        await ctx.sleep("nap", 60_000);
        trace.push("slept");
      },
      { version: 2, onVersionChange: "restart" },
    );
    clock.advance(60_000);
    // The nap begins anew.
    await job("j1", ({ status, attempt }) => status === "queued" && attempt === 4);
    expect(await repo.plugins.getJobVersion("j1")).toBe(2);
    clock.advance(59_999);
    await new Promise(setImmediate);
    expect(trace).toEqual(["one, old", [2, 1, "one, new"], [2, 2, "one, new"]]);
    clock.advance(1);
    expect(await over("j1")).toMatchObject({ status: "succeeded" });
    expect(trace.slice(3)).toEqual([[2, 2, "one, new"], "slept"]);
  });

  it("gets the answers that were given, but not what it had seen itself", async () => {
    const seen: unknown[] = [];
    const { after, repo, emit } = await (async () => {
      const opened = await runningJobs(async (ctx) => {
        await ctx.wait("go");
        seen.push(await ctx.waitForEvent("event", { type: "happened" }));
        await ctx.wait("later");
      });
      const { create, waiting, signal, edit, job } = opened;
      await create("j1");
      await waiting("j1");
      await signal("j1", "go", 1, { by: "ada" });
      await job("j1", ({ status, attempt }) => status === "queued" && attempt === 2);
      await opened.emit("happened", { number: "one" });
      await job("j1", ({ status, attempt }) => status === "queued" && attempt === 3);
      edit(
        async (ctx) => {
          seen.push(await ctx.wait("go"), await ctx.wait("later"));
          seen.push(await ctx.waitForEvent("event", { type: "happened" }, { after: 0 }));
        },
        { version: 2, onVersionChange: "restart" },
      );
      await signal("j1", "later", 2, { by: "eve" });
      return { ...opened, after: await opened.over("j1") };
    })();
    expect(after).toMatchObject({ status: "succeeded" });
    expect(seen.slice(1)).toMatchObject([
      { status: "received", value: 1, by: "ada" },
      { status: "received", value: 2, by: "eve" },
      { status: "received", event: { payload: { number: "one" } } },
    ]);
    expect((await repo.plugins.listWaits("j1")).map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "signal go",
      "signal later",
    ]);
    await emit("happened");
  });

  it("makes no artifact and no child twice, and removes what the new code no longer makes", async () => {
    const ran: string[] = [];
    const { after, repo } = await edited({
      first: async (ctx) => {
        await ctx.emitArtifact({ type: "note", title: "first" });
        await ctx.step("in step", () =>
          ctx.emitArtifact({ type: "note", title: "of the step" }, { key: "s" }),
        );
        await ctx.spawnJob({ workflow_id: "child.v1" }, { key: "child" });
        await ctx.emitArtifact({ type: "note", title: "kept" }, { key: "kept" });
        await ctx.wait("go");
      },
      next: async (ctx) => {
        ran.push("new");
        // Another type under the same number.
        await ctx.emitArtifact({ type: "report", title: "second" });
        await ctx.spawnJob({ workflow_id: "child.v1" }, { key: "child" });
        await ctx.emitArtifact({ type: "note", title: "kept, new" }, { key: "kept" });
      },
      onVersionChange: "restart",
    });
    expect(after).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(ran).toEqual(["new"]);
    const { items } = await repo.findArtifacts({ job_id: "j1" });
    expect(items.map(({ type, title }) => `${type} ${title}`).toSorted()).toEqual([
      "note kept, new",
      "report second",
    ]);
    expect((await repo.listJobs({ workflow_id: "child.v1" })).items).toHaveLength(1);
  });

  it("is refused a child of the same number with another input, instead of getting the wrong one", async () => {
    const { after } = await edited({
      first: async (ctx) => {
        await ctx.spawnJob({ workflow_id: "child.v1", input: { page: 1 } });
        await ctx.wait("go");
      },
      next: async (ctx) => void (await ctx.spawnJob({ workflow_id: "child.v1", input: { page: 2 } })),
      onVersionChange: "restart",
    });
    expect(after).toMatchObject({ status: "failed", error: { code: "ATLAS_PLUGINS_CALL_CHANGED" } });
  });

  it("counts its attempts from the restart", async () => {
    const attempts: number[] = [];
    const { after } = await edited({
      first: waitForGo,
      next: async (ctx) => {
        attempts.push(ctx.attempt);
        throw new Error("broken");
      },
      onVersionChange: "restart",
      max_attempts: 2,
    });
    expect(after).toMatchObject({ status: "failed", attempt: 3 });
    expect(attempts).toEqual([1, 2]);
  });
});

describe("the version of a job", () => {
  it("is stored with its first claim, is 1 without a row, and is none before", async () => {
    const { create, over, repo, job, store, edit } = await runningJobs(
      async () => {
        throw new Error("broken");
      },
      { workflow: { version: 5 } },
    );
    await create("later", { run_at: "2999-01-01T00:00:00.000Z" });
    expect(await repo.plugins.getJobVersion("later")).toBeUndefined();
    await create("j5");
    await job("j5", ({ status }) => status === "failed");
    expect(await repo.plugins.getJobVersion("j5")).toBe(5);
    edit(async () => undefined, { version: 1 });
    await create("j1");
    await over("j1");
    expect(await repo.plugins.getJobVersion("j1")).toBe(1);
    expect(await store.verify()).toMatchObject({ status: "verified" });
  });

  it("is that of its first real run, when the gateway stopped between a claim and its run", async () => {
    let stopping: Promise<void> | undefined;
    const seen: number[] = [];
    const opened = await runningJobs(async (ctx) => void seen.push(ctx.version), {
      workflow: { version: 2, onVersionChange: "fail" },
      admit: [
        (command) => {
          // The claim is on its way.
          if (command.type === "job.updateStatus" && command["status"] === "running")
            stopping ??= opened.runner.stop(1_000);
          return command;
        },
      ],
    });
    const { create, edit, startRunner, over, repo } = opened;
    await create("j1");
    await until(() => stopping !== undefined);
    await stopping;
    expect(await repo.getJob("j1")).toMatchObject({ status: "queued", attempt: 1 });
    expect(await repo.plugins.getJobVersion("j1")).toBeUndefined();
    edit(async (ctx) => void seen.push(ctx.version), { version: 3, onVersionChange: "fail" });
    await startRunner();
    expect(await over("j1")).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(seen).toEqual([3]);
    expect(await repo.plugins.getJobVersion("j1")).toBe(3);
  });

  it("is forgotten with a pruned job", async () => {
    const { commands, create, over, repo } = await runningJobs(async () => undefined, {
      workflow: { version: 2 },
    });
    await create("j1");
    await over("j1");
    await commands.enqueue({ type: "plugins.job.version", job_id: "gone", version: 2 });
    await commands.enqueue({ type: "plugins.job.forget" });
    expect(await repo.plugins.getJobVersion("j1")).toBe(2);
    await commands.enqueue({ type: "job.create", job: { id: "gone", workflow_id: "unknown" } });
    await commands.enqueue({ type: "job.updateStatus", id: "gone", status: "running" });
    expect(await repo.plugins.getJobVersion("gone")).toBe(1);
  });
});

it.each([
  [{ version: 0 }, "version must be a whole number from 1 to 1000000; got 0."],
  [{ version: 1.5 }, "version must be"],
  [{ onVersionChange: "retry" }, 'onVersionChange must be "continue", "restart", "fail" or a function'],
  [{ onversionChange: "fail" }, 'Did you mean "onVersionChange"?'],
])("refuses a workflow with %j", (options, message) => {
  const workflow = { id: "work.v1", run: async () => undefined, ...options };
  expect(() => createPluginRegistry().registerWorkflow(workflow as never)).toThrow(message);
});

it("types what a workflow decides", () => {
  const workflow = { id: "typed.v1", run: async () => undefined } as const;
  defineWorkflow({ ...workflow, version: 2, onVersionChange: ({ from }) => (from < 2 ? "restart" : "fail") });
  // @ts-expect-error there is no such decision
  defineWorkflow({ ...workflow, onVersionChange: "retry" });
  // @ts-expect-error it is decided at once
  defineWorkflow({ ...workflow, onVersionChange: async () => "restart" as const });
  expectTypeOf<WorkflowContext["version"]>().toEqualTypeOf<number>();
  expectTypeOf<VersionChange["finishedSteps"]>().toEqualTypeOf<readonly string[]>();
});
