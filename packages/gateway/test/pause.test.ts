import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SinkPlugin, SourcePlugin, WorkflowPlugin } from "@atlas/plugins";
import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it, onTestFinished } from "vitest";
import { createGateway, type GatewayOptions, silentLogger } from "../src/index.ts";
import { until } from "./support/until.ts";

async function open(options: Partial<GatewayOptions> = {}) {
  const gateway = await createGateway({ database: ":memory:", log: silentLogger, ...options });
  onTestFinished(() => gateway.stop());
  return gateway;
}

function temporaryDatabase(): string {
  const folder = mkdtempSync(join(tmpdir(), "gateway-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "atlas.db");
}

/** Two workflows that note which jobs ran. */
function workflows() {
  const ran: string[] = [];
  const make = (id: string): WorkflowPlugin => ({
    id,
    async run(_ctx, _input, jobId) {
      ran.push(jobId);
    },
  });
  return { ran, workflows: [make("work.v1"), make("other.v1")] };
}

function recorder(from: SinkPlugin["from"] = "now") {
  const types: string[] = [];
  const sink: SinkPlugin = {
    id: "list",
    from,
    on: ["note.*"],
    async handle({ type }) {
      types.push(type);
    },
  };
  return { sink, types };
}

describe("a paused workflow", () => {
  it("runs no job until it is resumed, takes new ones, and holds up no other workflow", async () => {
    const { ran, workflows: both } = workflows();
    const gateway = await open({ workflows: both });
    await gateway.start();
    await gateway.pause({ workflow: "work.v1" });
    const job = await gateway.jobs.create({ id: "waits", workflow_id: "work.v1" });
    expect(job.status).toBe("queued");
    await gateway.jobs.create({ id: "goes", workflow_id: "other.v1" });
    await gateway.jobs.wait("goes");
    expect(ran).toEqual(["goes"]);
    await gateway.resume({ workflow: "work.v1" });
    await gateway.jobs.wait("waits");
    expect(ran).toEqual(["goes", "waits"]);
  });

  it("lets the attempt that runs come to its end", async () => {
    const free = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const gateway = await open({
      workflows: [
        {
          id: "slow.v1",
          async run() {
            begun.resolve();
            await free.promise;
          },
        },
      ],
    });
    await gateway.start();
    await gateway.jobs.create({ id: "job", workflow_id: "slow.v1" });
    await begun.promise;
    await gateway.pause({ workflow: "slow.v1" });
    free.resolve();
    expect(await gateway.jobs.wait("job")).toMatchObject({ status: "succeeded" });
  });

  it("begins no attempt once pause has resolved, though jobs are being claimed", async () => {
    const { ran, workflows: both } = workflows();
    const gateway = await open({ workflows: both, concurrency: 2 });
    await gateway.start();
    for (let job = 0; job < 200; job++)
      void gateway.jobs.create({ id: `job-${String(job).padStart(3, "0")}`, workflow_id: "work.v1" });
    await until(() => ran.length > 3);
    await gateway.pause({ workflow: "work.v1" });
    await until(() => gateway.health().jobs.running === 0);
    const before = ran.length;
    await gateway.jobs.create({ id: "other", workflow_id: "other.v1" });
    await gateway.jobs.wait("other");
    expect(ran.length - 1).toBe(before);
    await gateway.resume({ workflow: "work.v1" });
    await until(() => ran.length === 201);
  });

  it("stays paused over a restart, and health says since when", async () => {
    const database = temporaryDatabase();
    const clock = createFakeClock();
    const { ran, workflows: both } = workflows();
    const first = await open({ database, workflows: both, clock });
    await first.pause({ workflow: "work.v1" });
    clock.advance(60_000);
    await first.pause({ workflow: "work.v1" });
    await first.stop();

    const second = await open({ database, workflows: both });
    await second.start();
    await second.jobs.create({ id: "waits", workflow_id: "work.v1" });
    await second.jobs.create({ id: "goes", workflow_id: "other.v1" });
    await second.jobs.wait("goes");
    expect(ran).toEqual(["goes"]);
    expect(second.health().jobs.paused).toEqual([
      { workflow_id: "work.v1", pausedAt: "2026-01-01T00:00:00.000Z" },
    ]);
    await second.resume({ workflow: "work.v1" });
    expect(second.health().jobs.paused).toEqual([]);
    await second.stop();

    const third = await open({ database, workflows: both });
    await third.start();
    expect((await third.jobs.wait("waits")).status).toBe("succeeded");
  });
});

describe("a paused source", () => {
  it("is not synced by its schedule or by sync, and one that is asked for is refused", async () => {
    const syncs: string[] = [];
    const clock = createFakeClock();
    const source = (id: string): SourcePlugin => ({
      id,
      schedule: { everyMs: 60_000 },
      async sync() {
        syncs.push(id);
      },
    });
    const gateway = await open({ clock, sources: [source("git"), source("rss")] });
    await gateway.pause({ source: "git" });
    await gateway.start();
    await until(() => syncs.length === 1);
    clock.advance(60_000);
    await until(() => syncs.length === 2);
    expect((await gateway.sync()).sources.map(({ id }) => id)).toEqual(["rss"]);
    expect(syncs).toEqual(["rss", "rss", "rss"]);
    await expect(gateway.sync("git")).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_SOURCE_PAUSED",
      details: { id: "git" },
      message: expect.stringContaining('gateway.resume({ source: "git" })'),
    });
    expect(gateway.health().sources).toMatchObject([
      { id: "git", status: "ok", pausedAt: "2026-01-01T00:00:00.000Z" },
      { id: "rss", status: "ok" },
    ]);
    expect(gateway.health().sources[1]).not.toHaveProperty("pausedAt");

    await gateway.resume({ source: "git" });
    await gateway.sync("git");
    expect(syncs.at(-1)).toBe("git");
  });
});

describe("a paused sink", () => {
  it("gets nothing until it is resumed, and then every event in order", async () => {
    const { sink, types } = recorder();
    const other = { ...recorder(), passed: [] as string[] };
    const gateway = await open({
      sinks: [
        sink,
        {
          id: "other",
          on: ["note.*"],
          handle: async ({ type }) => void other.passed.push(type),
        },
      ],
    });
    await gateway.start();
    const emit = (type: string) => gateway.commands.enqueue({ type: "domainEvent.emit", event: { type } });
    await emit("note.a");
    await until(() => types.length === 1);
    await gateway.pause({ sink: "list" });
    await emit("note.b");
    await emit("note.c");
    await until(() => other.passed.length === 3);
    expect(types).toEqual(["note.a"]);
    expect(gateway.health().sinks[0]).toMatchObject({
      id: "list",
      status: "ok",
      pausedAt: expect.any(String),
    });
    await gateway.resume({ sink: "list" });
    await until(() => types.length === 3);
    expect(types).toEqual(["note.a", "note.b", "note.c"]);
    expect(gateway.health().sinks[0]).not.toHaveProperty("pausedAt");
  });

  it("gets no further event of those that were already read for it", async () => {
    const free = Promise.withResolvers<void>();
    const types: string[] = [];
    const gateway = await open({
      sinks: [
        {
          id: "list",
          from: "start",
          on: ["note.*"],
          async handle({ type }) {
            types.push(type);
            await free.promise;
          },
        },
      ],
    });
    for (const type of ["note.a", "note.b"])
      await gateway.commands.enqueue({ type: "domainEvent.emit", event: { type } });
    await gateway.start();
    await until(() => types.length === 1);
    await gateway.pause({ sink: "list" });
    free.resolve();
    await until(() => gateway.health().sinks[0]?.eventSeq === 1);
    await gateway.stop();
    expect(types).toEqual(["note.a"]);
  });

  it("gets nothing when the gateway stops or starts", async () => {
    const database = temporaryDatabase();
    const { sink, types } = recorder("start");
    const first = await open({ database, sinks: [sink] });
    await first.start();
    await first.pause({ sink: "list" });
    await first.commands.enqueue({ type: "domainEvent.emit", event: { type: "note.a" } });
    await first.stop();
    const second = await open({ database, sinks: [sink] });
    await second.start();
    await second.stop();
    expect(types).toEqual([]);
    const third = await open({ database, sinks: [sink] });
    await third.start();
    await third.resume({ sink: "list" });
    await until(() => types.length === 1);
  });

  it("is not called again for an event that failed before, until it is resumed", async () => {
    const clock = createFakeClock();
    let calls = 0;
    const gateway = await open({
      clock,
      sinks: [
        {
          id: "list",
          on: ["note.a"],
          async handle() {
            calls += 1;
            if (calls === 1) throw new Error("not now");
          },
        },
      ],
    });
    await gateway.start();
    await gateway.commands.enqueue({ type: "domainEvent.emit", event: { type: "note.a" } });
    await until(async () => (await gateway.repo.plugins.listFailedDeliveries()).length === 1);
    await gateway.pause({ sink: "list" });
    clock.advance(60_000);
    await gateway.commands.enqueue({ type: "domainEvent.emit", event: { type: "note.b" } });
    await new Promise(setImmediate);
    expect(calls).toBe(1);
    await gateway.resume({ sink: "list" });
    await until(() => calls === 2);
  });

  it("holds its events back from prune for 7 days, and gets later what is left", async () => {
    const warnings: string[] = [];
    const clock = createFakeClock();
    const { sink, types } = recorder();
    const log = { ...silentLogger, warn: (_: unknown, text?: string) => void warnings.push(String(text)) };
    const gateway = await open({ clock, log, sinks: [sink] });
    await gateway.start();
    await gateway.pause({ sink: "list" });
    const emit = (type: string) => gateway.commands.enqueue({ type: "domainEvent.emit", event: { type } });
    const isMarked = async () =>
      (await gateway.repo.listDomainEvents()).items.every(({ delivered_at }) => delivered_at !== undefined);
    await emit("note.a");
    clock.advance(7 * 24 * 60 * 60 * 1_000 - 1);
    await emit("note.b");
    await gateway.commands.enqueue({ type: "domainEvent.emit", event: { type: "else" } });
    expect(await isMarked()).toBe(false);
    expect(warnings).toEqual([]);
    clock.advance(1_001);
    await until(isMarked);
    clock.advance(60_000);
    expect(warnings).toEqual([expect.stringContaining('The sink "list" has been paused for 7 days.')]);
    await gateway.resume({ sink: "list" });
    await until(() => types.length === 2);
    expect(types).toEqual(["note.a", "note.b"]);
  });
});

describe("pause and resume", () => {
  it("refuse an unknown id with the nearest one", async () => {
    const { workflows: both } = workflows();
    const gateway = await open({ workflows: both, sinks: [recorder().sink] });
    await expect(gateway.pause({ workflow: "wrk.v1" })).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_WORKFLOW_UNKNOWN",
      details: { nearest: "work.v1" },
    });
    await expect(gateway.resume({ sink: "lst" })).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_SINK_UNKNOWN",
      details: { nearest: "list" },
    });
    await expect(gateway.pause({ source: "list" })).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_SOURCE_UNKNOWN",
    });
  });

  it("refuse anything but one plugin", async () => {
    const gateway = await open({ sinks: [recorder().sink] });
    const wrong = gateway as unknown as { pause(plugin: unknown): Promise<void> };
    await expect(wrong.pause({ sinks: "list" })).rejects.toThrow('Did you mean "sink"?');
    await expect(wrong.pause({})).rejects.toThrow("name exactly one plugin");
    await expect(wrong.pause({ sink: "list", source: "git" })).rejects.toThrow("name exactly one plugin");
  });

  it("emit no domain event", async () => {
    const gateway = await open({ sinks: [recorder().sink] });
    await gateway.pause({ sink: "list" });
    await gateway.resume({ sink: "list" });
    await gateway.resume({ sink: "list" });
    expect((await gateway.repo.listDomainEvents()).items).toEqual([]);
    expect(await gateway.repo.plugins.listPauses()).toEqual([]);
  });
});
