import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFakeClock, type FakeClock } from "@atlas/testing/clock";
import { describe, expect, expectTypeOf, it, onTestFinished } from "vitest";
import { z } from "zod";
import {
  type BatchOptions,
  createGateway,
  defineWorkflow,
  type GatewayOptions,
  silentLogger,
} from "../src/index.ts";
import { until } from "./support/until.ts";

const workflow_id = "index.v1";
const limits = { maxSize: 3, maxWaitMs: 5_000 };
const DOOR = { code: "ATLAS_PLUGINS_BATCH_DOOR" };

function indexing(ran: unknown[][], batch: BatchOptions<{ id: string; team: string }> = limits) {
  return defineWorkflow({
    id: workflow_id,
    input: z.object({ id: z.string(), team: z.string().default("a") }),
    batch,
    run: async (_ctx, inputs) => {
      ran.push(inputs.map(({ id }) => id));
      return inputs.length;
    },
  });
}

async function open(
  given: {
    readonly clock?: FakeClock;
    readonly batch?: BatchOptions<{ id: string; team: string }>;
  } & Partial<GatewayOptions> = {},
) {
  const { clock = createFakeClock(), batch, ...options } = given;
  const ran: unknown[][] = [];
  const gateway = await createGateway({
    database: ":memory:",
    log: silentLogger,
    workflows: [indexing(ran, batch)],
    ...options,
    clock,
  });
  onTestFinished(() => gateway.stop());
  const start = clock.now();
  const { repo, jobs } = gateway;
  return {
    gateway,
    clock,
    ran,
    repo,
    jobs,
    create: (id: string, team?: string) =>
      jobs.create({ workflow_id, input: { id, ...(team === undefined ? {} : { team }) } }),
    /** When a job begins, from the start of the test. */
    due: async (id: string) => Date.parse((await jobs.get(id))?.run_at ?? "") - start,
    inputsOf: async (id: string) => (await repo.plugins.listBatchInputs(id)).map(({ input }) => input["id"]),
    all: async () => (await repo.listJobs({ limit: 500 })).items,
  };
}

function temporaryDatabase(): string {
  const folder = mkdtempSync(join(tmpdir(), "batches-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "atlas.db");
}

describe("a workflow with a batch", () => {
  it("fails in a later attempt without harm to the process, when a newer schema refuses an input", async () => {
    const database = temporaryDatabase();
    const clock = createFakeClock();
    const input = z.object({ id: z.string() });
    const breaks = defineWorkflow({
      id: workflow_id,
      input,
      batch: limits,
      run: () => Promise.reject(new Error("down")),
    });
    const first = await open({ database, clock, workflows: [breaks] });
    await first.gateway.start();
    const { id } = await first.create("x");
    clock.advance(5_000);
    await until(async () => {
      const job = await first.jobs.get(id);
      return job?.status === "queued" && job.attempt === 1;
    });
    await first.gateway.stop();
    const strict = defineWorkflow({
      id: workflow_id,
      input: z.object({ id: z.string().regex(/\d/) }),
      batch: limits,
      run: async () => undefined,
    });
    const second = await open({ database, clock, workflows: [strict] });
    await second.gateway.start();
    clock.advance(60_000);
    expect(await second.jobs.wait(id)).toMatchObject({
      status: "failed",
      attempt: 2,
      error: { code: "ATLAS_PLUGINS_INPUT_INVALID", details: { number: 1 } },
    });
  });

  it("that begins anew under another version has all its inputs again", async () => {
    const database = temporaryDatabase();
    const clock = createFakeClock();
    const seen: number[] = [];
    const versioned = (version: number) =>
      defineWorkflow({
        id: workflow_id,
        batch: limits,
        version,
        onVersionChange: "restart",
        async run(_ctx, inputs) {
          seen.push(inputs.length);
          if (version === 1) throw new Error("down");
        },
      });
    const first = await open({ database, clock, workflows: [versioned(1)] });
    await first.gateway.start();
    const { id } = await first.create("1");
    await first.create("2");
    clock.advance(5_000);
    await until(async () => {
      const job = await first.jobs.get(id);
      return job?.status === "queued" && job.attempt === 1;
    });
    await first.gateway.stop();
    const second = await open({ database, clock, workflows: [versioned(2)] });
    await second.gateway.start();
    clock.advance(60_000);
    await second.jobs.wait(id);
    expect(seen).toEqual([2, 2]);
  });

  it("takes inputs while it is paused, and runs once it is resumed", async () => {
    const { gateway, clock, create, ran, jobs, repo } = await open();
    await gateway.start();
    await gateway.pause({ workflow: workflow_id });
    const { id } = await create("1");
    clock.advance(6_000);
    expect((await create("2")).id).toBe(id);
    expect(await repo.getJob(id)).toMatchObject({ status: "queued", attempt: 0 });
    await gateway.resume({ workflow: workflow_id });
    await jobs.wait(id);
    expect(ran).toEqual([["1", "2"]]);
  });

  it("gets the inputs of several calls in their order, once the first has waited long enough", async () => {
    const { gateway, clock, ran, create, due, jobs } = await open();
    await gateway.start();
    const first = await create("1");
    clock.advance(4_000);
    const second = await create("2");
    expect(second.id).toBe(first.id);
    expect([first.status, second.status, await due(first.id)]).toEqual(["queued", "queued", 5_000]);
    clock.advance(999);
    expect(await jobs.get(first.id)).toMatchObject({ status: "queued" });
    clock.advance(1);
    expect(await jobs.wait(first.id)).toMatchObject({ status: "succeeded", result: 2, input: {} });
    expect(ran).toEqual([["1", "2"]]);
  });

  it("runs at once when it is full, and the next input opens the next", async () => {
    const { gateway, clock, ran, create, due, jobs } = await open();
    await gateway.start();
    const [one, two] = [await create("1"), await create("2")];
    clock.advance(1_000);
    const full = await create("3");
    expect(new Set([one.id, two.id, full.id]).size).toBe(1);
    expect(await due(one.id)).toBe(1_000);
    await jobs.wait(one.id);
    const next = await create("4");
    expect(next.id).not.toBe(one.id);
    expect(await due(next.id)).toBe(6_000);
    clock.advance(5_000);
    await jobs.wait(next.id);
    expect(ran).toEqual([["1", "2", "3"], ["4"]]);
  });

  it("of one input runs it at once", async () => {
    const { gateway, create, jobs, ran, due } = await open({ batch: { maxSize: 1, maxWaitMs: 1_000 } });
    await gateway.start();
    const { id } = await create("1");
    expect(await due(id)).toBe(0);
    await jobs.wait(id);
    expect(ran).toEqual([["1"]]);
  });

  it("takes no input more once it has begun, was cancelled, or is full and waits for a slot", async () => {
    const { gateway, create, jobs, inputsOf } = await open();
    const full = await create("1");
    for (const id of ["2", "3"]) await create(id);
    const cancelled = await create("4");
    expect(cancelled.id).not.toBe(full.id);
    await jobs.cancel(cancelled.id);
    const begun = await create("5");
    expect(begun.id).not.toBe(cancelled.id);
    await gateway.commands.enqueue({ type: "job.updateStatus", id: begun.id, status: "running" });
    const after = await create("6");
    // Queued again for its next attempt.
    await gateway.commands.enqueue({ type: "job.updateStatus", id: after.id, status: "running" });
    await gateway.commands.enqueue({ type: "job.updateStatus", id: after.id, status: "queued" });
    const last = await create("7");
    expect(new Set([full.id, cancelled.id, begun.id, after.id, last.id]).size).toBe(5);
    expect(await Promise.all([full, cancelled, begun, after, last].map(({ id }) => inputsOf(id)))).toEqual([
      ["1", "2", "3"],
      ["4"],
      ["5"],
      ["6"],
      ["7"],
    ]);
  });

  it("takes further inputs while it waits for a slot after its time, and keeps its place when they fill it", async () => {
    const { clock, create, due, inputsOf } = await open();
    const { id } = await create("1");
    clock.advance(6_000);
    await create("2");
    clock.advance(1_000);
    expect((await create("3")).id).toBe(id);
    expect(await inputsOf(id)).toEqual(["1", "2", "3"]);
    expect(await due(id)).toBe(5_000);
  });

  it("has one open batch for each key", async () => {
    const { create, inputsOf, repo } = await open({ batch: { ...limits, key: ({ team }) => team } });
    const jobs = [await create("1", "a"), await create("2", "b"), await create("3"), await create("4", "b")];
    const [a, b] = jobs.map(({ id }) => id);
    expect(jobs.map(({ id }) => id)).toEqual([a, b, a, b]);
    expect(a).not.toBe(b);
    expect(await inputsOf(b ?? "")).toEqual(["2", "4"]);
    expect(await repo.plugins.getBatch(workflow_id, "b")).toMatchObject({ job_id: b, size: 2 });
  });

  it.each([
    [() => "", "its text must not be empty"],
    [() => 7 as never, "it returned number"],
    [() => null as never, "it returned null"],
    [() => Promise.reject(new Error("later")) as never, "it returned a promise"],
    [
      () => {
        throw new Error("no team");
      },
      'it threw "no team"',
    ],
  ])("refuses an input whose key is no text: %s", async (key, message) => {
    const { create, all } = await open({ batch: { ...limits, key } });
    await expect(create("1")).rejects.toMatchObject({
      code: "ATLAS_PLUGINS_BATCH_KEY_INVALID",
      details: { workflow_id, field: "batch.key" },
      message: expect.stringContaining(message),
    });
    expect(await all()).toEqual([]);
  });

  it("has the priority, attempts and context of the call that opened it", async () => {
    const { jobs } = await open();
    const first = { workflow_id, input: { id: "1" }, priority: 3, max_attempts: 2 };
    await jobs.create(first, { context: { correlation_id: "one" } });
    const second = { workflow_id, input: { id: "2" }, priority: 4 };
    expect(await jobs.create(second, { context: { correlation_id: "two" } })).toMatchObject({
      priority: 3,
      max_attempts: 2,
      context: { correlation_id: "one" },
    });
  });

  it("is not changed by what the caller does to its input afterwards", async () => {
    const { jobs, inputsOf } = await open();
    const input = { id: "1" };
    const call = jobs.create({ workflow_id, input });
    input.id = "changed";
    expect(await inputsOf((await call).id)).toEqual(["1"]);
  });

  it("is tried again as a whole, and its finished steps keep their results", async () => {
    const clock = createFakeClock();
    const sent: string[] = [];
    const tried: number[] = [];
    const mail = defineWorkflow({
      id: "mail.v1",
      input: z.object({ to: z.string() }),
      batch: { maxSize: 3, maxWaitMs: 1_000 },
      retry: { firstDelayMs: 0, maxDelayMs: 0 },
      async run(ctx, inputs) {
        tried.push(inputs.length);
        for (const [index, { to }] of inputs.entries())
          await ctx.step(`mail ${index}`, () => {
            if (to === "b" && tried.length === 1) throw new Error("down");
            sent.push(to);
          });
      },
    });
    const { gateway, jobs } = await open({ clock, workflows: [mail] });
    await gateway.start();
    const requests = ["a", "b", "c"].map((to) => ({ workflow_id: "mail.v1", input: { to } }));
    const [job] = await jobs.createMany(requests);
    await until(async () => {
      clock.advance(1_000);
      return (await jobs.get(job?.id ?? ""))?.status === "succeeded";
    });
    expect(tried).toEqual([3, 3]);
    expect(sent).toEqual(["a", "b", "c"]);
  });

  it("can be promoted, cancelled and redriven with its inputs", async () => {
    const { gateway, create, jobs, ran } = await open();
    await gateway.start();
    const promoted = await create("1");
    await jobs.promote(promoted.id);
    await jobs.wait(promoted.id);
    const cancelled = await create("2");
    await jobs.cancel(cancelled.id);
    await jobs.redrive(cancelled.id);
    await jobs.wait(cancelled.id);
    expect(ran).toEqual([["1"], ["2"]]);
  });

  it("keeps its inputs until its job is pruned", async () => {
    const database = temporaryDatabase();
    const clock = createFakeClock();
    const first = await open({ database, clock });
    await first.gateway.start();
    for (const id of ["1", "2", "3"]) await first.create(id);
    const kept = await first.create("4");
    const done = await until(async () => (await first.all()).find(({ status }) => status === "succeeded"));
    expect(await first.inputsOf(done.id)).toEqual(["1", "2", "3"]);
    const events = (await first.repo.listDomainEvents({ limit: 100 })).items;
    await first.gateway.commands.enqueue({
      type: "domainEvent.markDelivered",
      id: events[0]?.id ?? "",
      through_seq: events.at(-1)?.seq ?? 0,
    });
    const before = "2999-01-01T00:00:00.000Z";
    await first.gateway.store.prune({ domain_events_before: before, jobs_before: before });
    expect(await first.jobs.get(done.id)).toBeUndefined();
    await first.gateway.stop();
    const second = await open({ database, clock });
    await second.gateway.start();
    expect(await second.inputsOf(done.id)).toEqual([]);
    expect(await second.inputsOf(kept.id)).toEqual(["4"]);
    expect((await second.create("5")).id).toBe(kept.id);
  });

  it("takes inputs on after a restart, and a replay of the journal gives the same", async () => {
    const database = temporaryDatabase();
    const clock = createFakeClock();
    const first = await open({ database, clock });
    const { id } = await first.create("1");
    await first.gateway.stop();
    const second = await open({ database, clock });
    await second.gateway.start();
    expect((await second.create("2")).id).toBe(id);
    clock.advance(5_000);
    await second.jobs.wait(id);
    expect(second.ran).toEqual([["1", "2"]]);
    expect(await second.gateway.store.verify()).toMatchObject({ status: "verified" });
  });

  it("begins no larger batch after maxSize was lowered, and runs the one that it has", async () => {
    const database = temporaryDatabase();
    const clock = createFakeClock();
    const first = await open({ database, clock });
    const { id } = await first.create("1");
    await first.create("2");
    await first.gateway.stop();
    const second = await open({ database, clock, batch: { maxSize: 2, maxWaitMs: 1_000 } });
    expect((await second.create("3")).id).not.toBe(id);
    expect(await second.inputsOf(id)).toEqual(["1", "2"]);
  });

  it("runs a job from before it had a batch with the one input of that job", async () => {
    const database = temporaryDatabase();
    const clock = createFakeClock();
    const apart = defineWorkflow({ id: workflow_id, run: async () => undefined });
    const first = await open({ database, clock, workflows: [apart] });
    const { id } = await first.create("old");
    await first.gateway.stop();
    const second = await open({ database, clock });
    await second.gateway.start();
    await second.jobs.wait(id);
    expect(second.ran).toEqual([["old"]]);
  });

  it("fails, with the number of the input, when a newer schema refuses one", async () => {
    const database = temporaryDatabase();
    const clock = createFakeClock();
    const first = await open({ database, clock });
    const { id } = await first.create("1");
    await first.create("x");
    await first.gateway.stop();
    const strict = defineWorkflow({
      id: workflow_id,
      input: z.object({ id: z.string().regex(/\d/) }),
      batch: limits,
      run: async () => undefined,
    });
    const second = await open({ database, clock, workflows: [strict] });
    await second.gateway.start();
    clock.advance(5_000);
    expect(await second.jobs.wait(id)).toMatchObject({
      status: "failed",
      error: {
        code: "ATLAS_PLUGINS_INPUT_INVALID",
        details: { workflow_id, path: "id", number: 2 },
        message: expect.stringMatching(/^Input 2 of the batch /),
      },
    });
  });
});

describe("calls that come at once", () => {
  it("lose and double no input, and no batch exceeds its size", async () => {
    const { create, inputsOf, all } = await open();
    const names = Array.from({ length: 50 }, (_, index) => `${index}`);
    const jobs = await Promise.all(names.map((id) => create(id)));
    const ids = [...new Set(jobs.map(({ id }) => id))];
    expect((await all()).map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    const inputs = await Promise.all(ids.map(inputsOf));
    expect(inputs.flat()).toEqual(names);
    expect(inputs.map(({ length }) => length)).toEqual([...Array<number>(16).fill(3), 2]);
  });

  it("have each input run once, whenever the batch begins", async () => {
    const { gateway, create, clock, ran, jobs } = await open({ batch: { maxSize: 4, maxWaitMs: 1 } });
    await gateway.start();
    const sent: string[] = [];
    for (let round = 0; round < 60; round += 1) {
      const calls = [0, 1, 2].map((index) => {
        const id = `${round}.${index}`;
        sent.push(id);
        return create(id);
      });
      for (let turn = round % 12; turn > 0; turn -= 1) await Promise.resolve();
      clock.advance(1);
      const made = await Promise.all(calls);
      clock.advance(1);
      for (const { id } of made) await jobs.wait(id);
    }
    expect(ran.flat()).toEqual(sent);
  });

  it("come into the next batch when theirs begins just before the commit", async () => {
    let isBusy = true;
    const { gateway, create, inputsOf, jobs } = await open({
      admit: [
        (command) => {
          const { type, number, job_id } = command as { type: string; number?: number; job_id: string };
          // Ahead of the call, which has looked already.
          if (type === "plugins.batch.add" && number === 2 && isBusy) {
            isBusy = false;
            void gateway.commands.enqueue({ type: "job.updateStatus", id: job_id, status: "running" });
          }
          return command;
        },
      ],
    });
    const first = await create("1");
    const second = await create("2");
    expect(second.id).not.toBe(first.id);
    expect(await jobs.get(first.id)).toMatchObject({ status: "running" });
    expect([await inputsOf(first.id), await inputsOf(second.id)]).toEqual([["1"], ["2"]]);
  });

  it.each([
    [1, "stored"],
    [10, "refused"],
  ])("and lose their key to others %i times are %s", async (times, outcome) => {
    let thefts = 0;
    const { gateway, create, inputsOf, all } = await open({
      admit: [
        (command) => {
          const { type, job_id } = command as { type: string; job_id: string };
          if (type !== "plugins.batch.open" || job_id.startsWith("thief") || thefts === times) return command;
          thefts += 1;
          // Ahead of the call, which has looked already.
          void gateway.commands.enqueue({ ...command, job_id: `thief ${thefts}` } as never);
          return command;
        },
      ],
    });
    const call = create("1");
    if (outcome === "stored") expect(await inputsOf((await call).id)).toEqual(["1"]);
    else await expect(call).rejects.toMatchObject({ code: "ATLAS_PLUGINS_BATCH_CLOSED", retryable: true });
    expect(thefts).toBe(times);
    expect(await all()).toHaveLength(outcome === "stored" ? 1 : 0);
  });
});

describe("jobs.createMany", () => {
  it("fills batches beside other jobs in one unit, with one job for each request", async () => {
    const ran: unknown[][] = [];
    const plain = defineWorkflow({ id: "plain.v1", run: async () => undefined });
    const { jobs, create, inputsOf, due, clock } = await open({ workflows: [indexing(ran), plain] });
    const opened = await create("0");
    clock.advance(1_000);
    const requests = [
      ...["1", "2", "3", "4", "5"].map((id) => ({ workflow_id, input: { id } })),
      { workflow_id: "plain.v1", id: "apart" },
      { workflow_id, input: { id: "6" } },
    ];
    const ids = (await jobs.createMany(requests)).map(({ id }) => id);
    const [one, , three, , , apart, six] = ids;
    expect(ids).toEqual([opened.id, opened.id, three, three, three, "apart", six]);
    expect([one, apart]).toEqual([opened.id, "apart"]);
    expect(new Set(ids).size).toBe(4);
    expect(await inputsOf(opened.id)).toEqual(["0", "1", "2"]);
    expect(await inputsOf(three ?? "")).toEqual(["3", "4", "5"]);
    expect(await inputsOf(six ?? "")).toEqual(["6"]);
    expect([await due(opened.id), await due(three ?? ""), await due(six ?? "")]).toEqual([
      1_000, 1_000, 6_000,
    ]);
    expect((await create("7")).id).toBe(six);
  });

  it("puts nothing into a batch when one of the requests is refused", async () => {
    const { jobs, all } = await open();
    const requests = [{ id: "1" }, { id: 2 }].map((input) => ({ workflow_id, input }));
    await expect(jobs.createMany(requests)).rejects.toMatchObject({ code: "ATLAS_PLUGINS_INPUT_INVALID" });
    expect(await all()).toEqual([]);
  });

  it("of calls that cross each other ends, and each keeps its own order", async () => {
    const { jobs, all, inputsOf } = await open({
      batch: { maxSize: 100, maxWaitMs: 1, key: ({ team }) => team },
    });
    const request = (id: string, team: string) => ({ workflow_id, input: { id, team } });
    await Promise.all([
      jobs.createMany([request("1", "a"), request("2", "b")]),
      jobs.createMany([request("3", "b"), request("4", "a")]),
      jobs.createMany([request("5", "a"), request("6", "b")]),
    ]);
    const ids = (await all()).map(({ id }) => id);
    expect((await Promise.all(ids.map(inputsOf))).toSorted()).toEqual([
      ["1", "4", "5"],
      ["2", "3", "6"],
    ]);
  });
});

describe("events", () => {
  const emit = (id: string) => ({
    type: "domainEvent.emit" as const,
    event: { type: "note.added", payload: { id } },
  });

  it("come into the batch of a workflow with `on`, each once, also over a restart", async () => {
    const database = temporaryDatabase();
    const clock = createFakeClock();
    const ran: unknown[][] = [];
    const onNotes = {
      ...indexing(ran),
      on: ["note.added"],
      inputOf: ({ payload }: { payload: object }) => ({ ...payload }),
    };
    const first = await open({ database, clock, workflows: [onNotes] });
    await first.gateway.start();
    for (const id of ["1", "2"]) await first.gateway.commands.enqueue(emit(id));
    const job = await until(async () => {
      const [only] = await first.all();
      return only !== undefined && (await first.inputsOf(only.id)).length === 2 ? only : undefined;
    });
    await first.gateway.stop();
    const second = await open({ database, clock, workflows: [onNotes] });
    await second.gateway.start();
    await second.gateway.commands.enqueue(emit("3"));
    expect(await second.jobs.wait(job.id)).toMatchObject({ status: "succeeded" });
    expect(ran).toEqual([["1", "2", "3"]]);
    expect(await second.gateway.repo.plugins.listFailedDeliveries()).toEqual([]);
  });

  it("whose input the schema refuses come into no batch, and are failed deliveries", async () => {
    const onNotes = { ...indexing([]), on: ["note.added"] };
    const { gateway, all } = await open({ workflows: [onNotes] });
    await gateway.start();
    await gateway.commands.enqueue(emit("1"));
    const failed = await until(async () => (await gateway.repo.plugins.listFailedDeliveries())[0]);
    expect(failed).toMatchObject({
      sink_id: `$on:${workflow_id}`,
      error: { code: "ATLAS_PLUGINS_INPUT_INVALID" },
    });
    expect(await all()).toEqual([]);
  });

  it("whose batch begins just before the commit come into the next", async () => {
    const onNotes = {
      ...indexing([]),
      on: ["note.added"],
      inputOf: ({ payload }: { payload: object }) => ({ ...payload }),
    };
    let isBusy = true;
    const { gateway, all, create, inputsOf } = await open({
      workflows: [onNotes],
      admit: [
        (command) => {
          const { type, number, job_id } = command as { type: string; number?: number; job_id: string };
          if (type === "plugins.batch.add" && number === 2 && isBusy) {
            isBusy = false;
            void gateway.commands.enqueue({ type: "job.updateStatus", id: job_id, status: "cancelled" });
          }
          return command;
        },
      ],
    });
    await gateway.start();
    const first = await create("1");
    await gateway.commands.enqueue(emit("2"));
    const second = await until(async () => (await all()).find(({ id }) => id !== first.id));
    expect([await inputsOf(first.id), await inputsOf(second.id)]).toEqual([["1"], ["2"]]);
    expect(await gateway.repo.plugins.listFailedDeliveries()).toEqual([]);
  });
});

describe("a job of its own for a workflow with a batch", () => {
  it.each([
    [{ id: "mine" }, '"id"'],
    [{ idempotency_key: "k" }, '"idempotency_key"'],
    [{ unique: { key: "k", while: "active" } as const }, '"unique"'],
    [{ run_at: "2026-01-01T00:00:00.000Z" }, '"run_at"'],
    [{ parent_id: "other" }, '"parent_id"'],
    [{ created_at: "2026-01-01T00:00:00.000Z" }, '"created_at"'],
    [{ group_key: "acme" }, '"group_key"'],
  ])("is refused by jobs.create with %j", async (more, name) => {
    const { jobs, all } = await open();
    const call = jobs.create({ workflow_id, input: { id: "1" }, ...more });
    await expect(call).rejects.toMatchObject({ ...DOOR, message: expect.stringContaining(name) });
    expect(await all()).toEqual([]);
  });

  it("is refused by jobs.debounce, schedules.upsert and a plain command", async () => {
    const { gateway, jobs, all } = await open();
    const input = { id: "1" };
    await expect(jobs.debounce({ workflow_id, input }, { key: "k", waitMs: 1 })).rejects.toMatchObject(DOOR);
    const schedule = { everyMs: 60_000 };
    await expect(
      gateway.schedules.upsert({ id: "s", workflow_id, ...schedule, input }),
    ).rejects.toMatchObject(DOOR);
    const command = { type: "job.create", job: { id: "j", workflow_id, input } } as const;
    await expect(gateway.commands.enqueue(command)).rejects.toMatchObject({
      ...DOOR,
      details: { workflow_id, door: "a job.create command" },
      message: expect.stringContaining("jobs.createMany"),
    });
    expect(await gateway.schedules.list()).toEqual([]);
    expect(await all()).toEqual([]);
  });

  it("is refused by ctx.spawnJob, whose attempt is not tried again", async () => {
    const parent = defineWorkflow({
      id: "parent.v1",
      run: async (ctx) => void (await ctx.spawnJob({ workflow_id, input: { id: "1" } })),
    });
    const { gateway, jobs, all } = await open({ workflows: [indexing([]), parent] });
    await gateway.start();
    const { id } = await jobs.create({ workflow_id: "parent.v1" });
    expect(await jobs.wait(id)).toMatchObject({ status: "failed", attempt: 1, error: DOOR });
    expect(await all()).toHaveLength(1);
  });

  it("comes from no schedule that was made before the workflow had a batch", async () => {
    const database = temporaryDatabase();
    const clock = createFakeClock();
    const apart = defineWorkflow({ id: workflow_id, run: async () => undefined });
    const first = await open({ database, clock, workflows: [apart] });
    await first.gateway.schedules.upsert({ id: "s", workflow_id, everyMs: 60_000, input: { id: "1" } });
    await first.gateway.stop();
    const second = await open({ database, clock });
    await second.gateway.start();
    const state = await until(async () =>
      (await second.gateway.schedules.list()).find(({ problem }) => problem),
    );
    expect(state.problem).toContain("collects its inputs in batches");
    expect(await second.all()).toEqual([]);
  });
});

it.each([
  [{ maxSize: 0, maxWaitMs: 1 }, "batch.maxSize must be a whole number from 1 to 1000; got 0"],
  [{ maxSize: 1_001, maxWaitMs: 1 }, "batch.maxSize"],
  [{ maxSize: 2 }, "batch.maxWaitMs must be a whole number from 1"],
  [{ maxSize: 2, maxWaitMs: 0 }, "batch.maxWaitMs"],
  [{ maxSize: 2, maxWaitMs: 1, key: "team" }, "batch.key must be a function"],
  [{ maxSize: 2, maxWaitMS: 1 }, 'Did you mean "maxWaitMs"?'],
])("refuses %j", async (batch, message) => {
  await expect(open({ batch: batch as never })).rejects.toThrow(message);
});

it("refuses a batch with a schedule", async () => {
  const scheduled = { ...indexing([]), schedule: { everyMs: 60_000 } };
  await expect(open({ workflows: [scheduled] })).rejects.toThrow("has batch and schedule");
});

it("refuses a batch with perKey", async () => {
  const keyed = { ...indexing([]), perKey: { key: () => "acme", concurrency: 1 } };
  await expect(open({ workflows: [keyed] })).rejects.toThrow("has batch and perKey");
});

it("types a list exactly where there is a batch", () => {
  const input = z.object({ id: z.string(), size: z.string().transform(Number) });
  interface Output {
    id: string;
    size: number;
  }
  defineWorkflow({
    id: "one.v1",
    input,
    run: async (_ctx, one) => expectTypeOf(one).toEqualTypeOf<Output>(),
  });
  defineWorkflow({
    id: "list.v1",
    input,
    batch: {
      maxSize: 2,
      maxWaitMs: 1,
      key(one) {
        expectTypeOf(one).toEqualTypeOf<Output>();
        return one.id;
      },
    },
    on: ["note.added"],
    inputOf: ({ id }) => ({ id, size: "1" }),
    run: async (_ctx, list) => {
      expectTypeOf(list).toEqualTypeOf<readonly Output[]>();
      return { count: list.length };
    },
  });
  defineWorkflow({
    id: "open.v1",
    batch: { maxSize: 2, maxWaitMs: 1 },
    run: async (_ctx, list) => expectTypeOf(list).toEqualTypeOf<readonly Record<string, unknown>[]>(),
  });
  defineWorkflow({
    id: "wrong.v1",
    input,
    // @ts-expect-error the key is a text
    batch: { maxSize: 2, maxWaitMs: 1, key: (one) => one.size },
    run: async () => undefined,
  });
});
