import type { JsonObject } from "@atlas/core";
import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { defineWorkflow, type PerKey, type WorkflowPlugin } from "../../src/index.ts";
import { createJobAdmission, createPluginRegistry, scheduleOfWorkflow } from "../../src/runtime.ts";
import { openStore } from "../support/open-store.ts";
import { runningJobs } from "../support/running-jobs.ts";
import { until } from "../support/until.ts";

const tenantOf = ({ tenant }: JsonObject): string => String(tenant);

/** A running workflow whose attempts begin, and end when the test says so. */
async function held(options: Parameters<typeof runningJobs>[1] & { readonly perKey?: Partial<PerKey> } = {}) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const { perKey, ...rest } = options;
  const opened = await runningJobs(
    (_ctx, _input, id) => {
      begun.push(id);
      return new Promise<void>((resolve) => ends.set(id, resolve));
    },
    { ...rest, workflow: { perKey: { key: tenantOf, ...perKey }, ...options.workflow } },
  );
  return {
    ...opened,
    begun,
    /** Resolves once `count` attempts have begun, and no other one may. */
    async hasBegun(count: number) {
      await until(() => begun.length >= count);
      const id = `child-${opened.store.newId()}`;
      if (opened.runner.running < (options.concurrency ?? 10)) {
        await opened.create(id, { workflow_id: "child.v1" });
        await opened.over(id);
      }
      expect(begun).toHaveLength(count);
    },
    end: (id: string) => ends.get(id)?.(),
  };
}

describe("a workflow with a limit per key", () => {
  it("runs at most so many attempts of a key at a time, and those of other keys beside them", async () => {
    const { create, begun, hasBegun, end } = await held({ perKey: { concurrency: 2 } });
    for (let job = 0; job < 4; job += 1) await create(`a-${job}`, { group_key: "a" });
    await hasBegun(2);
    await create("b-0", { group_key: "b" });
    await hasBegun(3);
    end("a-1");
    await hasBegun(4);
    expect(begun).toEqual(["a-0", "a-1", "b-0", "a-2"]);
  });

  it("lets keys take turns: one with a long queue does not hold up the others", async () => {
    const { create, begun, hasBegun, end } = await held({ concurrency: 1 });
    for (let job = 0; job < 50; job += 1) await create(`big-${job}`, { group_key: "big" });
    for (const key of ["a", "c"])
      for (let job = 0; job < 2; job += 1) await create(`${key}-${job}`, { group_key: key });
    for (let count = 1; count <= 7; count += 1) {
      await hasBegun(count);
      end(begun.at(-1) ?? "");
    }
    expect(begun.slice(0, 7)).toEqual(["big-0", "c-0", "a-0", "big-1", "c-1", "a-1", "big-2"]);
  });

  it("keeps the workflow's own limit over all keys", async () => {
    const { create, hasBegun } = await held({
      perKey: { concurrency: 2 },
      workflow: { concurrency: 3 },
    });
    for (const key of ["a", "b", "c"])
      for (let job = 0; job < 2; job += 1) await create(`${key}-${job}`, { group_key: key });
    await hasBegun(3);
  });

  it("counts a retry for its key, and gives the slot of a job that pauses to the next", async () => {
    const clock = createFakeClock();
    const begun: string[] = [];
    const { create, over, runner } = await runningJobs(
      async (ctx, _input, id) => {
        begun.push(`${id}#${ctx.attempt}`);
        if (id === "a-0" && ctx.attempt === 1) throw new Error("not yet");
      },
      {
        clock,
        random: () => 0.999,
        workflow: { perKey: { key: tenantOf, concurrency: 1 }, retry: { firstDelayMs: 1_000 } },
      },
    );
    await create("a-0", { group_key: "a" });
    await create("a-1", { group_key: "a" });
    await over("a-1");
    await until(() => runner.running === 0);
    clock.advance(1_000);
    expect(await over("a-0")).toMatchObject({ status: "succeeded", attempt: 2 });
    expect(begun).toEqual(["a-0#1", "a-1#1", "a-0#2"]);
  });

  it("runs delayed jobs when they are due, however many become due at once", async () => {
    const clock = createFakeClock();
    const begun = new Set<string>();
    const { commands, runner } = await runningJobs(async (_ctx, _input, id) => void begun.add(id), {
      clock,
      workflow: { perKey: { key: tenantOf } },
    });
    const run_at = "2026-01-01T00:00:10.000Z";
    await Promise.all(
      Array.from({ length: 1_200 }, (_, job) =>
        commands.enqueue({
          type: "job.create",
          job: { id: `j${job}`, workflow_id: "work.v1", run_at, group_key: `k${job % 7}` },
        }),
      ),
    );
    await until(() => runner.running === 0);
    expect(begun.size).toBe(0);
    clock.advance(10_000);
    await until(() => begun.size === 1_200);
  });

  it("runs jobs that have waited for an answer, in the turn of their key", async () => {
    const { create, waiting, signal, over } = await runningJobs(
      async (ctx) => {
        await ctx.wait("answer");
      },
      { workflow: { perKey: { key: tenantOf, concurrency: 1 } } },
    );
    await create("a-0", { group_key: "a" });
    await waiting("a-0");
    await create("a-1", { group_key: "a" });
    await waiting("a-1");
    await signal("a-0", "answer", 1);
    expect(await over("a-0")).toMatchObject({ status: "succeeded" });
  });

  it("goes on after a restart with the keys that were stored", async () => {
    const { create, hasBegun, begun, runner, startRunner, repo } = await held({
      concurrency: 3,
      perKey: { concurrency: 1 },
    });
    for (let job = 0; job < 2; job += 1) await create(`a-${job}`, { group_key: "a" });
    await hasBegun(1);
    await runner.stop(0);
    expect(await repo.getJob("a-0")).toMatchObject({ status: "queued", group_key: "a" });
    await startRunner();
    await until(() => begun.length === 2);
    await create("b-0", { group_key: "b" });
    await until(() => begun.length === 3);
    expect(begun.slice(2)).toEqual(["b-0"]);
  });

  it("begins every job once, whatever keys, limits and retries there are", async () => {
    const most = new Map<string, number>();
    const running = new Map<string, number>();
    const begun: string[] = [];
    const { commands, repo } = await runningJobs(
      async (ctx, { tenant }, id) => {
        const key = String(tenant);
        begun.push(`${id}#${ctx.attempt}`);
        running.set(key, (running.get(key) ?? 0) + 1);
        most.set(key, Math.max(most.get(key) ?? 0, running.get(key) ?? 0));
        await new Promise(setImmediate);
        running.set(key, (running.get(key) ?? 1) - 1);
        if (id.endsWith("3") && ctx.attempt === 1) throw new Error("once more");
      },
      { concurrency: 8, workflow: { perKey: { key: tenantOf, concurrency: 2 } } },
    );
    await Promise.all(
      Array.from({ length: 300 }, (_, job) =>
        commands.enqueue({
          type: "job.create",
          job: {
            id: `j${job}`,
            workflow_id: "work.v1",
            priority: job % 3,
            input: { tenant: `t${job % 11}` },
            group_key: `t${job % 11}`,
          },
        }),
      ),
    );
    await until(async () => (await repo.plugins.countJobs()).succeeded === 300);
    expect(new Set(begun).size).toBe(330);
    expect(begun).toHaveLength(330);
    expect(Math.max(...most.values())).toBe(2);
  });
});

describe("the key of a job", () => {
  async function admitting(workflow: Partial<WorkflowPlugin>) {
    const registry = createPluginRegistry();
    registry.registerWorkflow({ id: "work.v1", ...workflow, run: async () => undefined });
    const { commands, repo } = await openStore({ admit: [createJobAdmission(registry)] });
    return {
      repo,
      commands,
      create: (input: JsonObject, group_key?: string) =>
        commands.enqueue({
          type: "job.create",
          job: {
            id: "job",
            workflow_id: "work.v1",
            input,
            ...(group_key === undefined ? {} : { group_key }),
          },
        }),
    };
  }

  it("is that of its input, stored with the job in the journal", async () => {
    const { create, repo } = await admitting({ perKey: { key: tenantOf } });
    await create({ tenant: "acme" });
    expect(await repo.getJob("job")).toMatchObject({ group_key: "acme" });
    expect((await repo.listJournal()).items[0]).toMatchObject({ payload: { job: { group_key: "acme" } } });
  });

  it("is the one that the job is created with, if it has one", async () => {
    const { create, repo } = await admitting({ perKey: { key: tenantOf } });
    await create({ tenant: "acme" }, "other");
    expect(await repo.getJob("job")).toMatchObject({ group_key: "other" });
  });

  it("is missing where the workflow has no perKey", async () => {
    const { create, repo } = await admitting({});
    await create({ tenant: "acme" });
    expect(await repo.getJob("job")).not.toHaveProperty("group_key");
  });

  it.each([
    ["throws", (input: JsonObject) => String((input["team"] as JsonObject)["id"]), 'it threw "'],
    ["returns nothing", () => undefined, "it returned undefined"],
    ["returns a number", () => 7, "it returned number"],
    ["returns an empty text", () => "", "its text must not be empty"],
    ["returns a long text", () => "ä".repeat(128), "its text is 256 bytes long"],
  ])("refuses the job when the function %s", async (_, key, reason) => {
    const { create } = await admitting({ perKey: { key: key as () => string } });
    await expect(create({ tenant: "acme" })).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_GROUP_KEY_INVALID",
      message: expect.stringContaining(reason),
      details: { workflow_id: "work.v1" },
    });
  });

  it("is looked at before a schedule starts, so that none is refused at each of its times", async () => {
    const { repo } = await openStore();
    const [scheduled] = scheduleOfWorkflow(
      {
        id: "work.v1",
        schedule: { everyMs: 1_000, input: {} },
        perKey: { key: ({ tenant }) => (tenant as JsonObject)["id"] as string },
        run: async () => undefined,
      },
      repo,
    );
    await expect(scheduled?.check?.()).rejects.toMatchObject({ code: "ATLAS_PLUGINS_GROUP_KEY_INVALID" });
  });

  it("is not asked for an input that the schema refuses", async () => {
    let asked = 0;
    const { create } = await admitting({
      input: z.object({ tenant: z.string() }),
      perKey: {
        key: () => {
          asked += 1;
          return "key";
        },
      },
    });
    await expect(create({})).rejects.toMatchObject({ code: "ATLAS_PLUGINS_INPUT_INVALID" });
    expect(asked).toBe(0);
  });

  it("is made by a function that is typed by the schema", () => {
    const workflow = defineWorkflow({
      id: "work.v1",
      input: z.object({ tenant: z.string() }),
      perKey: { key: ({ tenant }) => tenant.toUpperCase(), concurrency: 2 },
      run: async () => undefined,
    });
    expect(workflow.perKey?.key({ tenant: "acme" })).toBe("ACME");
  });
});

it.each([
  [{}, "perKey.key must be a function"],
  [{ key: "tenant" }, 'got "tenant"'],
  [{ key: tenantOf, concurrency: 0 }, "perKey.concurrency must be a whole number from 1 to 100000; got 0."],
  [{ key: tenantOf, concurency: 1 }, 'Did you mean "concurrency"?'],
])("refuses perKey: %j", (perKey, message) => {
  const workflow = { id: "work.v1", run: async () => undefined, perKey };
  expect(() => createPluginRegistry().registerWorkflow(workflow as never)).toThrow(message);
});
