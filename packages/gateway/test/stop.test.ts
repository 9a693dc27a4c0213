import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFakeClock, type FakeClock } from "@atlas/testing/clock";
import { describe, expect, it, onTestFinished } from "vitest";
import { openRaw, testDriver } from "../../../test/support/test-driver.ts";
import { createGateway, type GatewayOptions, silentLogger } from "../src/index.ts";

const never = new Promise<never>(() => undefined);

function temporaryDatabase(): string {
  const folder = mkdtempSync(join(tmpdir(), "gateway-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "atlas.db");
}

async function open(options: Partial<GatewayOptions>) {
  const gateway = await createGateway({
    database: ":memory:",
    driver: testDriver,
    log: silentLogger,
    ...options,
  });
  onTestFinished(() => gateway.stop());
  return gateway;
}

/** Moves the clock until `work` has settled; returns how long that took on this clock. */
async function duration(clock: FakeClock, work: Promise<unknown>): Promise<number> {
  const beganAt = clock.monotonic();
  let isOver = false;
  const settled = (): void => {
    isOver = true;
  };
  work.then(settled, settled);
  for (;;) {
    for (let turn = 0; turn < 20 && !isOver; turn += 1) await new Promise(setImmediate);
    if (isOver) return clock.monotonic() - beganAt;
    clock.advance(50);
  }
}

describe("stop()", () => {
  it("takes graceMs in all when a source, a job, a sink and two extensions hang together", async () => {
    const clock = createFakeClock();
    const syncing = Promise.withResolvers<void>();
    const running = Promise.withResolvers<void>();
    const handling = Promise.withResolvers<void>();
    const hanging = (name: string) => ({
      name,
      start: async () => ({ [Symbol.asyncDispose]: () => never }),
    });
    const gateway = await createGateway({
      driver: testDriver,
      database: ":memory:",
      log: silentLogger,
      clock,
      graceMs: 8_000,
      sources: [
        {
          id: "hanging",
          async sync() {
            syncing.resolve();
            await never;
          },
        },
      ],
      workflows: [
        {
          id: "hanging.v1",
          async run() {
            running.resolve();
            await never;
          },
        },
      ],
      sinks: [
        {
          id: "hanging",
          async handle() {
            handling.resolve();
            await never;
          },
        },
      ],
      extensions: [hanging("one"), hanging("two")],
    });
    onTestFinished(() => gateway.stop());
    await gateway.start();
    gateway.sync().catch(() => undefined);
    await gateway.jobs.create({ workflow_id: "hanging.v1" });
    await Promise.all([syncing.promise, running.promise, handling.promise]);
    expect(await duration(clock, gateway.stop())).toBeLessThanOrEqual(8_000);
    expect(clock.timers).toBe(0);
  });

  it("leaves time to deliver what jobs did until they were aborted", async () => {
    const clock = createFakeClock();
    const running = Promise.withResolvers<void>();
    const handled: string[] = [];
    const gateway = await open({
      clock,
      workflows: [
        {
          id: "hanging.v1",
          async run(ctx) {
            await ctx.emitArtifact({ type: "part" });
            running.resolve();
            await never;
          },
        },
      ],
      sinks: [
        {
          id: "lines",
          on: ["artifact.*", "job.requeued"],
          handle: async ({ type }) => void handled.push(type),
        },
      ],
    });
    await gateway.start();
    await gateway.jobs.create({ workflow_id: "hanging.v1" });
    await running.promise;
    expect(await duration(clock, gateway.stop())).toBeLessThanOrEqual(8_000);
    expect(handled).toEqual(["artifact.created", "job.requeued"]);
  });

  it("ends while another process keeps the database locked, says what was not stored, and repeats it after the next start", async () => {
    const database = temporaryDatabase();
    const running = Promise.withResolvers<void>();
    const gateway = await open({
      database,
      graceMs: 400,
      sources: [{ id: "slow", schedule: { everyMs: 3_600_000 }, sync: async () => never }],
      workflows: [
        {
          id: "hanging.v1",
          async run(ctx) {
            running.resolve();
            await ctx.emitArtifact({ type: "late" });
          },
        },
      ],
      sinks: [{ id: "lines", handle: async () => undefined }],
    });
    await gateway.start();
    const job = await gateway.jobs.create({ workflow_id: "hanging.v1" });
    await running.promise;
    const other = openRaw(database);
    onTestFinished(() => void other.close());
    other.exec("begin immediate");
    const late = gateway.commands.enqueue({ type: "entity.upsert", entity: { id: "late", type: "note" } });
    const refused = expect(late).rejects.toMatchObject({ code: "ATLAS_CORE_STORAGE_BUSY" });
    await gateway.stop();
    await refused;
    expect(other.inTransaction).toBe(true);
    other.exec("rollback");

    // How the attempt ended could not be stored: the next start takes that for a crash, and runs the job again.
    const again = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const run = async (): Promise<string> => {
      again.resolve();
      await gate.promise;
      return "done";
    };
    const next = await open({ database, workflows: [{ id: "hanging.v1", run }] });
    await next.start();
    await again.promise;
    expect(await next.repo.plugins.getJobRun(job.id)).toMatchObject({ recoveries: 1 });
    gate.resolve();
    expect(await next.jobs.wait(job.id)).toMatchObject({ status: "succeeded", result: "done", attempt: 2 });
  });
});
