import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it } from "vitest";
import type { PerKey, WorkflowPlugin } from "../../src/index.ts";
import { createPluginRegistry } from "../../src/runtime.ts";
import { runningJobs } from "../support/running-jobs.ts";
import { until } from "../support/until.ts";

async function limited(perKey: Partial<PerKey>, workflow: Pick<WorkflowPlugin, "rateLimit"> = {}) {
  const clock = createFakeClock();
  const begin = clock.now();
  const starts: string[] = [];
  const opened = await runningJobs(
    async (_ctx, _input, id) => void starts.push(`${id} ${clock.now() - begin}`),
    {
      clock,
      workflow: { perKey: { key: () => "unused", ...perKey }, ...workflow },
    },
  );
  return {
    ...opened,
    clock,
    starts,
    /** Creates jobs that are named by their key and a number. */
    async createAll(...ids: readonly string[]) {
      for (const id of ids) await opened.create(id, { group_key: id.split("-")[0] ?? "" });
    },
    /** Resolves once every job that may begin has ended. */
    async settled(count: number) {
      await until(() => starts.length >= count && opened.runner.running === 0);
      const id = `child-${opened.store.newId()}`;
      await opened.create(id, { workflow_id: "child.v1" });
      await opened.over(id);
      await until(() => opened.runner.running === 0);
      expect(starts).toHaveLength(count);
    },
  };
}

describe("a workflow with a rate limit per key", () => {
  it("begins at most so many attempts of a key in any period, and holds up no other key", async () => {
    const { createAll, settled, clock, starts } = await limited({ rateLimit: { max: 2, perMs: 1_000 } });
    await createAll("a-0", "a-1", "a-2", "a-3", "b-0");
    await settled(3);
    clock.advance(500);
    await createAll("b-1", "b-2");
    await settled(4);
    clock.advance(499);
    await settled(4);
    clock.advance(1);
    await settled(7);
    expect(starts.toSorted()).toEqual([
      "a-0 0",
      "a-1 0",
      "a-2 1000",
      "a-3 1000",
      "b-0 0",
      "b-1 500",
      "b-2 1000",
    ]);
  });

  it("runs jobs of a lower priority while all keys of a higher one wait for their time", async () => {
    const { create, createAll, settled, clock, starts } = await limited({
      rateLimit: { max: 1, perMs: 1_000 },
    });
    await createAll("a-0");
    await settled(1);
    await create("a-high", { group_key: "a", priority: 5 });
    await create("b-low", { group_key: "b" });
    await settled(2);
    clock.advance(1_000);
    await settled(3);
    expect(starts).toEqual(["a-0 0", "b-low 0", "a-high 1000"]);
  });

  it("counts attempts that began before a restart", async () => {
    const { createAll, settled, clock, starts, runner, startRunner, repo } = await limited({
      rateLimit: { max: 2, perMs: 1_000 },
    });
    await createAll("a-0", "b-0");
    await settled(2);
    clock.advance(600);
    await createAll("a-1");
    await settled(3);
    await runner.stop(0);
    await createAll("a-2", "a-3", "b-1");
    const second = await startRunner();
    await until(() => starts.length === 4 && second.running === 0);
    clock.advance(399);
    await until(() => second.running === 0);
    expect(starts.at(-1)).toBe("b-1 600");
    clock.advance(1);
    await until(() => starts.length === 5);
    clock.advance(600);
    await until(() => starts.length === 6);
    expect(starts.slice(4)).toEqual(["a-2 1000", "a-3 1600"]);
    const kept = await repo.plugins.listKeyStarts("work.v1", { after: 0, limit: 10 });
    expect(kept.map(({ group_key, number }) => `${group_key} ${number}`)).toEqual(["a 5", "a 6"]);
  });

  it("reads all starts of earlier processes, however many they are", async () => {
    const { commands, createAll, clock, runner, startRunner, starts } = await limited({
      rateLimit: { max: 1, perMs: 1_000 },
    });
    await runner.stop(0);
    const at = new Date(clock.now()).toISOString();
    await Promise.all(
      Array.from({ length: 5_001 }, (_, start) =>
        commands.enqueue({
          type: "plugins.rate.startOfKey",
          workflow_id: "work.v1",
          group_key: `k${start + 1}`,
          number: start + 1,
          keep_from: 1,
          at,
        }),
      ),
    );
    await createAll("k5001-0", "k5002-0");
    const second = await startRunner();
    await until(() => starts.length === 1 && second.running === 0);
    expect(starts).toEqual(["k5002-0 0"]);
    clock.advance(1_000);
    await until(() => starts.length === 2);
  });

  it("keeps the limit of the workflow over all keys", async () => {
    const { createAll, settled, clock } = await limited(
      { rateLimit: { max: 2, perMs: 1_000 } },
      { rateLimit: { max: 3, perMs: 1_000 } },
    );
    await createAll("a-0", "a-1", "a-2", "b-0", "b-1");
    await settled(3);
    clock.advance(1_000);
    await settled(5);
  });

  it("waits no longer than one period when the wall clock is set back", async () => {
    const { createAll, settled, clock } = await limited({ rateLimit: { max: 1, perMs: 1_000 } });
    await createAll("a-0");
    await settled(1);
    clock.setWallClock(clock.now() - 5 * 60 * 60 * 1_000);
    await createAll("a-1");
    await settled(1);
    clock.advance(999);
    await settled(1);
    clock.advance(1);
    await settled(2);
  });

  it.each([
    [{ max: 0, perMs: 1 }, "perKey.rateLimit.max must be a whole number from 1 to 10000; got 0."],
    [{ max: 1 }, "perKey.rateLimit.perMs must be"],
    [{ max: 1, perMS: 1 }, 'Did you mean "perMs"?'],
  ])("refuses %j", (rateLimit, message) => {
    const workflow = { id: "work.v1", run: async () => undefined, perKey: { key: () => "key", rateLimit } };
    expect(() => createPluginRegistry().registerWorkflow(workflow as never)).toThrow(message);
  });
});
