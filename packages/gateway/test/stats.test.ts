import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it, onTestFinished } from "vitest";
import { createGateway, type GatewayOptions, silentLogger } from "../src/index.ts";
import { until } from "./support/until.ts";

async function open(options: Partial<GatewayOptions> = {}) {
  const gateway = await createGateway({ database: ":memory:", log: silentLogger, ...options });
  onTestFinished(() => gateway.stop());
  return gateway;
}

const none = { count: 0, sumMs: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, maxMs: 0 };

describe("the stats of a gateway", () => {
  it("count what waits, how long, and what runs of each workflow came to", async () => {
    const clock = createFakeClock();
    let job = 0;
    const gateway = await open({
      clock,
      workflows: [
        {
          id: "work.v1",
          retry: { maxAttempts: 2, firstDelayMs: 60_000, maxDelayMs: 60_000 },
          async run(ctx, { kind }) {
            clock.advance(200);
            if (kind === "fail") throw new Error("no");
            if (kind === "wait") await ctx.wait("answer");
          },
        },
        { id: "idle.v1", run: async () => undefined },
      ],
      concurrency: 1,
    });
    const create = (kind: string, run_at?: string) => {
      job += 1;
      return gateway.jobs.create({
        id: `job-${job}`,
        workflow_id: "work.v1",
        input: { kind },
        max_attempts: kind === "fail" ? 1 : 2,
        ...(run_at === undefined ? {} : { run_at }),
      });
    };
    await create("fine");
    await create("fail");
    await create("wait");
    await create("fine", "2999-01-01T00:00:00Z");
    clock.advance(5_000);
    const [before, idle] = (await gateway.stats()).workflows;
    expect(before).toMatchObject({
      workflow_id: "work.v1",
      isPaused: false,
      readyJobs: 3,
      delayedJobs: 1,
      oldestReadyMs: 5_000,
      runningAttempts: 0,
      run: none,
    });
    expect(idle).toMatchObject({ workflow_id: "idle.v1", readyJobs: 0, oldestReadyMs: 0, wait: none });

    await gateway.start();
    const after = await until(async () => {
      const [work] = (await gateway.stats()).workflows;
      return work?.parkedAttemptsTotal === 1 ? work : undefined;
    });
    expect(after).toMatchObject({
      readyJobs: 0,
      delayedJobs: 2,
      oldestReadyMs: 0,
      runningAttempts: 0,
      succeededAttemptsTotal: 1,
      failedAttemptsTotal: 1,
      failedJobsTotal: 1,
      interruptedAttemptsTotal: 0,
      succeededAttemptsPerMinute: 1,
      failedAttemptsPerMinute: 1,
      run: { count: 3, sumMs: 600, maxMs: 200 },
      wait: { count: 3, sumMs: 5_000 + 5_200 + 5_400, maxMs: 5_400 },
    });
    expect(after.run.p50Ms).toBeGreaterThanOrEqual(198);
    expect(after.run.p99Ms).toBeLessThanOrEqual(200);

    clock.advance(61_000);
    expect((await gateway.stats()).workflows[0]).toMatchObject({
      succeededAttemptsTotal: 1,
      succeededAttemptsPerMinute: 0,
      failedAttemptsPerMinute: 0,
    });
  });

  it("count queued jobs of a workflow that the gateway no longer has", async () => {
    const gateway = await open({ clock: createFakeClock() });
    await gateway.commands.enqueue({ type: "job.create", job: { workflow_id: "gone.v1" } });
    expect((await gateway.stats()).workflows).toMatchObject([{ workflow_id: "gone.v1", readyJobs: 1 }]);
  });

  it("say how far each sink is behind, in events and in time, and what failed", async () => {
    const clock = createFakeClock();
    const gateway = await open({
      clock,
      sinks: [
        {
          id: "list",
          on: ["bad"],
          retry: { maxAttempts: 1 },
          handle: async () => {
            throw new Error("no");
          },
        },
      ],
    });
    await gateway.start();
    const emit = (type: string) => gateway.commands.enqueue({ type: "domainEvent.emit", event: { type } });
    await emit("bad");
    await until(async () => (await gateway.stats()).sinks[0]?.deadEvents === 1);
    // Its place is not stored yet, since the clock stands still.
    await until(async () => (await gateway.stats()).sinks[0]?.lagEvents === 0);
    await gateway.pause({ sink: "list" });
    await emit("good");
    clock.advance(3_000);
    await emit("good");
    clock.advance(4_000);
    expect((await gateway.stats()).sinks).toEqual([
      {
        sink_id: "list",
        isPaused: true,
        lagEvents: 2,
        lagMs: 7_000,
        retryingEvents: 0,
        deadEvents: 1,
        failuresInARow: 1,
      },
    ]);
  });

  it("say how long ago a source was synced", async () => {
    const clock = createFakeClock();
    const gateway = await open({ clock, sources: [{ id: "git", sync: async () => undefined }] });
    expect((await gateway.stats()).sources).toEqual([
      { source_id: "git", isPaused: false, isSyncing: false, failuresInARow: 0 },
    ]);
    await gateway.sync();
    clock.advance(2_000);
    expect((await gateway.stats()).sources).toMatchObject([{ source_id: "git", sinceLastSyncMs: 2_000 }]);
  });
});
