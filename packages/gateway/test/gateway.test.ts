import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WorkflowPlugin } from "@atlas/plugins";
import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it, onTestFinished } from "vitest";
import { testDriver } from "../../../test/support/test-driver.ts";
import { createGateway, type GatewayOptions, silentLogger } from "../src/index.ts";

function temporaryDatabase(): string {
  const folder = mkdtempSync(join(tmpdir(), "gateway-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "data", "atlas.db");
}

async function open(options: Partial<GatewayOptions> = {}) {
  const gateway = await createGateway({
    database: ":memory:",
    driver: testDriver,
    log: silentLogger,
    ...options,
  });
  onTestFinished(() => gateway.stop());
  return gateway;
}

const hello: WorkflowPlugin = {
  id: "hello.v1",
  async run(ctx, { name }) {
    const { text, provider } = await ctx.llm.generateText({ prompt: `Greet ${String(name)}` });
    await ctx.emitArtifact({ type: "greeting", content_md: text, data: { provider } });
  },
};

describe("a gateway", () => {
  it("follows its events and its journal, and closes reads that are open for too long", async () => {
    const clock = createFakeClock();
    const gateway = await open({ clock, readTimeoutMs: 1_000 });
    await gateway.commands.enqueue({ type: "entity.upsert", entity: { id: "n1", type: "note" } });
    for await (const event of gateway.follow()) {
      expect(event).toMatchObject({ type: "entity.upserted", aggregate_id: "n1" });
      break;
    }
    for await (const entry of gateway.followJournal()) {
      expect(entry).toMatchObject({ seq: 1, type: "entity.upsert" });
      break;
    }
    const transaction = await gateway.repo.select.startTransaction().execute();
    clock.advance(1_000);
    await expect(transaction.selectFrom("entities").select("id").execute()).rejects.toMatchObject({
      code: "ATLAS_CORE_READ_TIMEOUT",
    });
  });

  it("delivers to a new sink what a sync before start() has brought, and nothing from before it was created", async () => {
    const database = temporaryDatabase();
    const note = (id: string) => ({ type: "entity.upsert", entity: { id, type: "note" } }) as const;
    const earlier = await open({ database });
    await earlier.commands.enqueue(note("old"));
    await earlier.stop();
    const seen: string[] = [];
    const gateway = await open({
      database,
      sources: [{ id: "notes", sync: async (ctx) => void (await ctx.commands.enqueue(note("new"))) }],
      sinks: [{ id: "list", handle: async ({ aggregate_id = "" }) => void seen.push(aggregate_id) }],
    });
    await gateway.sync("notes");
    await gateway.start();
    await gateway.stop();
    expect(seen).toEqual(["new"]);
  });

  it("says how many dead letters it delivers again or gives up", async () => {
    const gateway = await open({
      sinks: [
        { id: "down", retry: { maxAttempts: 1 }, handle: () => Promise.reject(new Error("down")) },
        { id: "other", handle: async () => undefined },
      ],
    });
    await gateway.start();
    const dead = async () => (await gateway.repo.plugins.listSinkLags())[0]?.dead;
    for (const id of ["a", "b"])
      await gateway.commands.enqueue({ type: "entity.upsert", entity: { id, type: "note" } });
    while ((await dead()) !== 2) await new Promise(setImmediate);
    expect(await gateway.sinks.redrive("other")).toEqual({ redriven: 0 });
    expect(await gateway.sinks.redrive("down")).toEqual({ redriven: 2 });
    while ((await dead()) !== 2) await new Promise(setImmediate);
    expect(await gateway.sinks.dismiss("down")).toEqual({ dismissed: 2 });
    expect(await gateway.repo.plugins.listFailedDeliveries()).toEqual([]);
    await expect(gateway.sinks.dismiss("dwn")).rejects.toMatchObject({ code: "ATLAS_PLUGINS_SINK_UNKNOWN" });
  });

  it.each([-1, Number.NaN, "1" as never])(
    "refuses to keep dead letters for %s ms",
    async (keepDeadLettersMs) => {
      await expect(createGateway({ database: ":memory:", keepDeadLettersMs })).rejects.toThrow(
        "keepDeadLettersMs",
      );
    },
  );

  it.each([
    { concurrency: 0 },
    { concurrency: -1 },
    { concurrency: Number.NaN },
    { concurrency: 1.5 },
    { concurrency: Number.POSITIVE_INFINITY },
    { concurrency: "2" as never },
    { graceMs: -1 },
    { graceMs: Number.NaN },
    { graceMs: 2 ** 31 },
  ])("refuses %j", async (options) => {
    await expect(createGateway({ database: ":memory:", ...options })).rejects.toThrow(
      `createGateway: ${Object.keys(options)[0]} must be`,
    );
  });

  it("carries a source's entity through a workflow to a sink", async () => {
    const seen: string[] = [];
    const gateway = await open({
      sources: [
        {
          id: "people",
          sync: (ctx) =>
            ctx.checkpoint("done", [
              { type: "entity.upsert", entity: { id: "ann", type: "person" } },
              { type: "job.create", job: { id: "greet", workflow_id: "hello.v1", input: { name: "ann" } } },
            ]),
        },
      ],
      workflows: [hello],
      sinks: [
        {
          id: "console",
          async handle({ type, aggregate_id }, ctx) {
            if (type !== "artifact.created") return;
            const artifact = await ctx.repo.getArtifact(aggregate_id ?? "");
            seen.push(String(artifact?.data?.["provider"]));
          },
        },
      ],
    });
    await gateway.start();
    await gateway.sync("people");
    expect(await gateway.jobs.wait("greet")).toMatchObject({ status: "succeeded" });
    await gateway.stop();
    expect(seen).toEqual(["mock"]);
  });

  it("takes commands and jobs before it is started, and runs them from then on", async () => {
    const gateway = await open({ workflows: [hello] });
    const job = await gateway.jobs.create({ workflow_id: "hello.v1", input: { name: "bob" } });
    expect(job).toMatchObject({ status: "queued", input: { name: "bob" } });
    await gateway.start();
    expect(await gateway.jobs.wait(job.id)).toMatchObject({ id: job.id, status: "succeeded" });
  });

  it("gives the same job for the same idempotency key", async () => {
    const gateway = await open({ workflows: [hello] });
    const first = await gateway.jobs.create({ workflow_id: "hello.v1", idempotency_key: "today" });
    const second = await gateway.jobs.create({ workflow_id: "hello.v1", idempotency_key: "today" });
    expect(second.id).toBe(first.id);
  });

  it("refuses a job for a workflow that it does not have, and to wait for a job that is not there", async () => {
    const gateway = await open({ workflows: [hello] });
    await expect(gateway.jobs.create({ workflow_id: "helo.v1" })).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_WORKFLOW_UNKNOWN",
      details: { nearest: "hello.v1" },
    });
    await expect(gateway.jobs.wait("nobody")).rejects.toMatchObject({ code: "ATLAS_PLUGINS_JOB_NOT_FOUND" });
    await expect(gateway.sync("nobody")).rejects.toMatchObject({ code: "ATLAS_PLUGINS_SOURCE_UNKNOWN" });
  });

  it("stops waiting for a job when the caller does", async () => {
    const gateway = await open({ workflows: [hello] });
    const job = await gateway.jobs.create({ workflow_id: "hello.v1" });
    const caller = new AbortController();
    const waited = gateway.jobs.wait(job.id, { signal: caller.signal });
    caller.abort(new Error("enough"));
    await expect(waited).rejects.toThrow("enough");
  });

  it("tells those who wait for a job that it was stopped", async () => {
    const gateway = await open({ workflows: [hello] });
    await gateway.start();
    const job = await gateway.jobs.create({ workflow_id: "hello.v1", run_at: "2999-01-01T00:00:00Z" });
    const waited = expect(gateway.jobs.wait(job.id)).rejects.toMatchObject({ code: "ATLAS_CORE_STOPPED" });
    await gateway.stop();
    await waited;
  });

  it("keeps what it knows from one start to the next, with jobs that were interrupted", async () => {
    const database = temporaryDatabase();
    const stuck: WorkflowPlugin = { id: "hello.v1", run: () => new Promise(() => undefined) };
    const first = await open({ database, workflows: [stuck], graceMs: 0 });
    await first.start();
    const job = await first.jobs.create({ workflow_id: "hello.v1", input: { name: "eve" } });
    const started = Promise.withResolvers<void>();
    const look = async () => {
      if ((await first.jobs.get(job.id))?.status === "running") started.resolve();
      else setImmediate(look);
    };
    await look();
    await started.promise;
    await first.stop();

    const second = await open({ database, workflows: [hello] });
    await second.start();
    expect(await second.jobs.wait(job.id)).toMatchObject({ status: "succeeded", attempt: 2 });
  });

  it("stops once, however often it is asked to, and then refuses commands", async () => {
    const gateway = await open();
    await gateway.start();
    const stopped = gateway.stop();
    expect(gateway.stop()).toBe(stopped);
    await stopped;
    expect(gateway.health()).toMatchObject({ status: "stopped" });
    await expect(
      gateway.commands.enqueue({ type: "domainEvent.emit", event: { type: "late" } }),
    ).rejects.toMatchObject({ code: "ATLAS_CORE_STOPPED" });
  });

  it("refuses plugins with the same id before it touches the database", async () => {
    await expect(
      createGateway({ database: "/proc/none/at/all.db", workflows: [hello, hello] }),
    ).rejects.toThrow('Two workflows have the id "hello.v1"');
  });
});

describe("the store of a gateway", () => {
  it("verifies what sources, workflows and sinks have done, and can be backed up and pruned", async () => {
    const gateway = await open({
      database: temporaryDatabase(),
      workflows: [hello],
      sinks: [{ id: "deaf", handle: async () => undefined }],
    });
    await gateway.start();
    const job = await gateway.jobs.create({ workflow_id: "hello.v1", input: { name: "ann" } });
    await gateway.jobs.wait(job.id);
    expect(await gateway.store.verify()).toMatchObject({ status: "verified" });
    const folder = mkdtempSync(join(tmpdir(), "gateway-backup-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    expect((await gateway.store.backup(join(folder, "backup.db"))).rows["jobs"]).toBe(1);
    expect(gateway.store.stats().refusedCommands).toBe(0);
    expect((await gateway.store.prune({ jobs_before: "2020-01-01T00:00:00Z" })).after.rows.jobs).toBe(1);
  });
});
