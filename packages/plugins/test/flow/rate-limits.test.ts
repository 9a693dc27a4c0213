import { createFakeClock } from "@atlas/testing/clock";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextStart } from "../../src/flow/rate-limits.ts";
import { createPluginRegistry } from "../../src/runtime.ts";
import { runningJobs } from "../support/running-jobs.ts";
import { until } from "../support/until.ts";

async function limited(rateLimit: { readonly max: number; readonly perMs: number }) {
  const clock = createFakeClock();
  const starts: number[] = [];
  const opened = await runningJobs(async () => void starts.push(clock.now()), {
    clock,
    workflow: { rateLimit },
  });
  const begin = clock.now();
  return {
    ...opened,
    clock,
    starts: () => starts.map((at) => at - begin),
    /** Resolves once every job that may begin has ended. */
    async settled(count: number) {
      await until(() => starts.length >= count && opened.runner.running === 0);
      await opened.create(`child-${opened.store.newId()}`, { workflow_id: "child.v1" });
      await until(
        async () =>
          (await opened.repo.listJobs({ workflow_id: "child.v1" })).items.every(
            ({ status }) => status === "succeeded",
          ) && opened.runner.running === 0,
      );
      expect(starts).toHaveLength(count);
    },
  };
}

describe("a workflow with a rate limit", () => {
  it("begins at most so many attempts in any period, and holds up no other workflow", async () => {
    const { create, settled, clock, starts } = await limited({ max: 2, perMs: 1_000 });
    for (let job = 0; job < 5; job++) await create(`job-${job}`);
    await settled(2);
    clock.advance(999);
    await settled(2);
    clock.advance(1);
    await settled(4);
    clock.advance(1_000);
    await settled(5);
    expect(starts()).toEqual([0, 0, 1_000, 1_000, 2_000]);
  });

  it("counts attempts that began before a restart", async () => {
    const { create, settled, clock, runner, startRunner, starts, repo } = await limited({
      max: 2,
      perMs: 1_000,
    });
    await create("job-0");
    await settled(1);
    clock.advance(600);
    await create("job-1");
    await settled(2);
    await runner.stop(0);
    await create("job-2");
    await create("job-3");
    const second = await startRunner();
    await until(async () => second.running === 0);
    clock.advance(399);
    await until(async () => second.running === 0);
    expect(starts()).toEqual([0, 600]);
    clock.advance(1);
    await until(() => starts().length === 3);
    clock.advance(600);
    await until(() => starts().length === 4);
    expect(starts()).toEqual([0, 600, 1_000, 1_600]);
    expect((await repo.plugins.listRateStarts("work.v1")).map(({ number }) => number)).toEqual([3, 4]);
  });

  it("keeps no more rows than its limit allows attempts", async () => {
    const { create, settled, clock, repo } = await limited({ max: 3, perMs: 1_000 });
    for (let job = 0; job < 9; job++) await create(`job-${job}`);
    for (const count of [3, 6, 9]) {
      await settled(count);
      clock.advance(1_000);
    }
    expect((await repo.plugins.listRateStarts("work.v1")).map(({ number }) => number)).toEqual([7, 8, 9]);
  });

  it("waits no longer than one period when the wall clock is set back", async () => {
    const { create, settled, clock } = await limited({ max: 1, perMs: 1_000 });
    await create("job-0");
    await settled(1);
    clock.setWallClock(clock.now() - 5 * 60 * 60 * 1_000);
    await create("job-1");
    await settled(1);
    clock.advance(999);
    await settled(1);
    clock.advance(1);
    await settled(2);
  });

  it.each([
    [{ max: 0, perMs: 1 }, "rateLimit.max must be a whole number from 1 to 10000; got 0."],
    [{ max: Number.NaN, perMs: 1 }, "rateLimit.max must be"],
    [{ max: 1 }, "rateLimit.perMs must be"],
    [{ max: 1, perMs: -1 }, "rateLimit.perMs must be"],
    [{ max: 1, perMS: 1 }, 'Did you mean "perMs"?'],
  ])("refuses %j", (rateLimit, message) => {
    const workflow = { id: "work.v1", run: async () => undefined, rateLimit };
    expect(() => createPluginRegistry().registerWorkflow(workflow as never)).toThrow(message);
  });
});

describe("the next start", () => {
  it("never lets more than max begin within a period, whenever they ask", () => {
    const inputs = [
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }),
    ] as const;
    fc.assert(
      fc.property(...inputs, (max, perMs, pauses) => {
        const starts: number[] = [];
        let now = 0;
        for (const pause of pauses) {
          now += pause;
          const permit = nextStart(starts, { max, perMs }, now);
          if (permit === "now") starts.push(now);
          else expect(permit).toMatchObject({ notBefore: expect.any(Number) });
        }
        for (const from of starts)
          expect(starts.filter((at) => at >= from && at < from + perMs).length).toBeLessThanOrEqual(max);
      }),
    );
  });

  it("is as soon as the limit allows it", () => {
    expect(nextStart([10, 20], { max: 2, perMs: 100 }, 50)).toEqual({ notBefore: 110 });
    expect(nextStart([10, 20], { max: 2, perMs: 100 }, 110)).toBe("now");
    expect(nextStart([10], { max: 2, perMs: 100 }, 11)).toBe("now");
  });
});
