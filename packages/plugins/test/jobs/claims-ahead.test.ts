import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore, type Job, type NewJob, silentLogger } from "@atlas/core";
import { createMockLLM } from "@atlas/llm/mock";
import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it, onTestFinished } from "vitest";
import { pluginsModule, type WorkflowPlugin } from "../../src/index.ts";
import { createClaimsAhead } from "../../src/jobs/claims-ahead.ts";
import { createSlots } from "../../src/jobs/slots.ts";
import { createJobRunner, createPluginRegistry } from "../../src/runtime.ts";
import { until } from "../support/until.ts";

const SLOTS = 2;
const ENOUGH = 60;

function databasePath(): string {
  const folder = mkdtempSync(join(tmpdir(), "atlas-plugins-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "atlas.db");
}

/** A process with two slots, a workflow that waits to be told to end, and a clock that stands still: every run is short. */
async function startProcess(
  options: {
    readonly database?: string;
    readonly workflow?: Partial<WorkflowPlugin>;
    readonly others?: readonly WorkflowPlugin[];
    readonly run?: (id: string) => void | Promise<void>;
    readonly paused?: () => boolean;
  } = {},
) {
  const { database = ":memory:", workflow = {}, others = [], paused = () => false } = options;
  const clock = createFakeClock();
  const store = await createStore({ database, modules: [pluginsModule], clock, log: silentLogger });
  onTestFinished(() => store.stop());
  const { commands, repo } = store;
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  let isOpen = true;
  const registry = createPluginRegistry();
  registry.registerWorkflow({
    id: "work.v1",
    ...workflow,
    run: async (_ctx, _input, id) => {
      if (id.startsWith("warm")) return;
      begun.push(id);
      await options.run?.(id);
      if (!isOpen) await new Promise<void>((resolve) => ends.set(id, resolve));
    },
  });
  for (const other of others) registry.registerWorkflow(other);
  const runner = createJobRunner({
    host: { clock, log: silentLogger },
    repo,
    commands,
    registry,
    llm: createMockLLM(),
    concurrency: SLOTS,
    pausedAt: () => (paused() ? "2026-01-01T00:00:00.000Z" : undefined),
  });
  store.onCommitted(runner.wake);
  const create = (id: string, job: Partial<NewJob> = {}) =>
    commands.enqueue({ type: "job.create", job: { id, workflow_id: "work.v1", ...job } });
  const count = async () => (await repo.plugins.countJobs()) as Readonly<Record<string, number>>;
  return {
    clock,
    store,
    repo,
    commands,
    runner,
    begun,
    create,
    count,
    end: (id: string) => ends.get(id)?.(),
    /** From now on, jobs wait until they are told to end. */
    close() {
      isOpen = false;
    },
    /** Runs as many jobs as the runner needs to know that they are short. */
    async warm(jobs = ENOUGH) {
      const ids = Array.from({ length: jobs }, (_, index) => `warm-${index}`);
      await Promise.all(ids.map((id) => create(id)));
      await until(async () => (await count())["succeeded"] === jobs);
    },
    status: async (id: string) => (await repo.getJob(id))?.status,
  };
}

/** Two jobs run, and those of the other ids are claimed. */
async function withWaiting(ids: readonly string[], options: Parameters<typeof startProcess>[0] = {}) {
  const process = await startProcess(options);
  await process.runner.start();
  await process.warm();
  process.close();
  await Promise.all(["r1", "r2"].map((id) => process.create(id)));
  await until(() => process.begun.length === SLOTS);
  for (const id of ids) await process.create(id);
  await until(async () => (await process.count())["running"] === SLOTS + ids.length);
  return process;
}

/** Enough for every claim that is on its way. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
}

describe("claims ahead of free slots", () => {
  it("begin in their order as slots get free, without a commit between, and count as running only then", async () => {
    const { begun, end, runner, status } = await withWaiting(["a", "b", "c"]);
    expect(begun).toEqual(["r1", "r2"]);
    expect([runner.running, runner.figures("work.v1").running]).toEqual([2, 2]);
    end("r1");
    // No commit: it would take a turn of the event loop.
    for (let microtask = 0; begun.length < 3 && microtask < 500; microtask += 1) await Promise.resolve();
    expect(begun).toEqual(["r1", "r2", "a"]);
    expect(runner.running).toBe(2);
    for (const id of ["r2", "a", "b", "c"]) {
      await until(() => begun.includes(id));
      end(id);
    }
    await until(async () => (await status("c")) === "succeeded");
    expect(begun).toEqual(["r1", "r2", "a", "b", "c"]);
    expect(runner.figures("work.v1")).toMatchObject({ running: 0, succeeded: ENOUGH + 5 });
  });

  it("lets a job of a higher priority have the next free slot", async () => {
    const { begun, end, create, count } = await withWaiting(["a", "b"]);
    await create("urgent", { priority: 5 });
    await until(async () => (await count())["running"] === 5);
    end("r1");
    await until(() => begun.length === 3);
    expect(begun.at(-1)).toBe("urgent");
  });

  it("never begins a job that was cancelled while it waited, and begins the others", async () => {
    const { begun, end, commands, status } = await withWaiting(["a", "b", "c"]);
    await commands.enqueue({ type: "job.updateStatus", id: "a", status: "cancelled" });
    end("r1");
    end("r2");
    await until(() => begun.length === 4);
    expect(begun).toEqual(["r1", "r2", "b", "c"]);
    expect(await status("a")).toBe("cancelled");
  });

  it("gives them back when the runner stops: queued where they stood, with no attempt used", async () => {
    const { repo, runner, clock, begun, end } = await withWaiting(["a", "b"]);
    const before = (await repo.getJob("a"))?.run_at;
    clock.setWallClock(clock.now() + 5_000);
    const stopped = runner.stop(60_000);
    await until(async () => (await repo.getJob("b"))?.status === "queued");
    end("r1");
    end("r2");
    await stopped;
    expect(begun).toEqual(["r1", "r2"]);
    expect(await repo.getJob("r1")).toMatchObject({ status: "succeeded" });
    for (const id of ["a", "b"]) {
      expect(await repo.getJob(id)).toMatchObject({ status: "queued", run_at: before });
      expect(await repo.plugins.getJobAttempts(id)).toEqual({ runs: 1, attempts_used: 0 });
    }
  });

  it("gives them back when they have waited for a second, and then claims none ahead that was given back", async () => {
    const { repo, clock, begun, end, status } = await withWaiting(["a", "b"]);
    clock.advance(999);
    await quiet();
    expect(await status("a")).toBe("running");
    clock.advance(1);
    await until(async () => (await status("a")) === "queued" && (await status("b")) === "queued");
    await quiet();
    expect([await status("a"), await status("b")]).toEqual(["queued", "queued"]);
    end("r1");
    await until(() => begun.includes("a"));
    expect((await repo.getJob("a"))?.attempt).toBe(2);
    expect(await repo.plugins.getJobAttempts("a")).toEqual({ runs: 2, attempts_used: 1 });
  });

  it("gives a job back when its workflow was paused meanwhile", async () => {
    let isPaused = false;
    const { begun, end, status } = await withWaiting(["a"], { paused: () => isPaused });
    isPaused = true;
    end("r1");
    await until(async () => (await status("a")) === "queued");
    expect(begun).toEqual(["r1", "r2"]);
  });

  it("are at most 250, however many jobs there are", async () => {
    const { commands, count, runner, warm, close } = await startProcess();
    await runner.start();
    await warm(200);
    close();
    await commands.enqueueAll(
      Array.from({ length: 300 }, (_, index) => ({
        type: "job.create" as const,
        job: { id: `j${index}`, workflow_id: "work.v1" },
      })),
    );
    await until(async () => ((await count())["running"] ?? 0) > SLOTS);
    await quiet();
    expect(await count()).toMatchObject({ running: SLOTS + 250, queued: 50 - SLOTS });
  });

  it("forgets a job that was cancelled before its claim was committed", async () => {
    const { store, commands, repo, create, count, status } = await withWaiting([]);
    store.onCommitted(({ events }) => {
      if (events.some(({ type, aggregate_id }) => type === "job.created" && aggregate_id === "gone"))
        void commands.enqueue({ type: "job.updateStatus", id: "gone", status: "cancelled" });
    });
    await create("gone");
    await until(async () => (await status("gone")) === "cancelled");
    await quiet();
    // Its claim was tried: it is in the list, which nobody has replaced yet.
    expect([...(await repo.plugins.listClaimedAhead()).keys()]).toEqual(["gone"]);
    await create("next");
    await until(async () => (await count())["running"] === SLOTS + 1);
    expect([...(await repo.plugins.listClaimedAhead()).keys()]).toEqual(["next"]);
  });

  it("leaves the next slot to a job that was tried before and comes first", async () => {
    const { begun, end, create, commands, status } = await withWaiting([]);
    // Nobody sees these jobs until all four commands are committed.
    await commands.enqueueAll([
      { type: "job.create", job: { id: "again", workflow_id: "work.v1", priority: 1 } },
      { type: "job.updateStatus", id: "again", status: "running" },
      { type: "job.updateStatus", id: "again", status: "queued" },
      { type: "job.create", job: { id: "late", workflow_id: "work.v1" } },
    ]);
    await create("later");
    await quiet();
    expect([await status("again"), await status("late")]).toEqual(["queued", "queued"]);
    end("r1");
    await until(() => begun.length === 3);
    expect(begun.at(-1)).toBe("again");
  });

  it("leaves the next slot to a job that came first and cannot be claimed ahead", async () => {
    const ran: string[] = [];
    const other: WorkflowPlugin = {
      id: "other.v1",
      run: async (_ctx, _input, id) => void ran.push(id),
    };
    const { begun, end, create, status, clock } = await withWaiting([], { others: [other] });
    await create("o1", { workflow_id: "other.v1" });
    clock.setWallClock(clock.now() + 1);
    await create("late");
    await quiet();
    expect([await status("o1"), await status("late")]).toEqual(["queued", "queued"]);
    end("r1");
    await until(() => begun.length === 3);
    expect(ran).toEqual(["o1"]);
  });

  it.each<[string, Partial<WorkflowPlugin>]>([
    ["batches", { batch: { maxSize: 1, maxWaitMs: 1 } }],
    ["a rate limit", { rateLimit: { max: 1_000, perMs: 1 } }],
    ["keys", { perKey: { key: () => "k" } }],
    ["another version than the first", { version: 2 }],
  ])("never are jobs of a workflow with %s", async (_, workflow) => {
    const { runner, warm, close, create, begun, count } = await startProcess({ workflow });
    await runner.start();
    await warm();
    close();
    for (const id of ["r1", "r2", "a", "b"]) await create(id);
    await until(() => begun.length === SLOTS);
    await quiet();
    expect(await count()).toMatchObject({ running: 2, queued: 2 });
  });

  it("keep to the limit of their workflow, and leave the other slots to others", async () => {
    const ran: string[] = [];
    const other: WorkflowPlugin = { id: "other.v1", run: async (_ctx, _input, id) => void ran.push(id) };
    const { runner, warm, close, create, begun, end, count, status } = await startProcess({
      workflow: { concurrency: 1 },
      others: [other],
    });
    await runner.start();
    await warm();
    close();
    for (const id of ["r1", "a", "b"]) await create(id);
    await until(async () => (await count())["running"] === 3);
    expect(begun).toEqual(["r1"]);
    await create("o1", { workflow_id: "other.v1" });
    await until(async () => (await status("o1")) === "succeeded");
    expect([begun, ran]).toEqual([["r1"], ["o1"]]);
    for (const id of ["r1", "a", "b"]) {
      end(id);
      await until(async () => (await status(id)) === "succeeded");
    }
    expect(begun).toEqual(["r1", "a", "b"]);
  });

  it("are as many as end in time within the limit of their workflow", async () => {
    let advance: () => void = () => undefined;
    const { runner, warm, close, create, begun, count, clock } = await startProcess({
      workflow: { concurrency: 1 },
      run: () => advance(),
    });
    await runner.start();
    await warm();
    advance = () => clock.advance(5);
    await create("five");
    await until(async () => (await count())["succeeded"] === ENOUGH + 1);
    advance = () => undefined;
    close();
    for (const id of ["r1", "a", "b", "c", "d"]) await create(id);
    await until(() => begun.length === 2);
    await quiet();
    // One runs, and two of five milliseconds each end within ten.
    expect(await count()).toMatchObject({ running: 3, queued: 2 });
  });

  it("are not held up by a job of a full workflow that was tried before", async () => {
    const { runner, warm, close, create, commands, begun, end, status } = await startProcess({
      workflow: { concurrency: 1 },
      others: [{ id: "other.v1", run: async () => undefined }],
    });
    await runner.start();
    await warm();
    close();
    await create("r1");
    await until(() => begun.length === 1);
    await commands.enqueueAll([
      { type: "job.create", job: { id: "again", workflow_id: "work.v1", priority: 1 } },
      { type: "job.updateStatus", id: "again", status: "running" },
      { type: "job.updateStatus", id: "again", status: "queued" },
    ]);
    await create("o1", { workflow_id: "other.v1" });
    await until(async () => (await status("o1")) === "succeeded");
    expect([begun, await status("again")]).toEqual([["r1"], "queued"]);
    end("r1");
    await until(() => begun.length === 2);
    expect(begun).toEqual(["r1", "again"]);
  });

  it("never are jobs of a workflow whose runs take long", async () => {
    let advance: () => void = () => undefined;
    const { runner, warm, close, create, begun, count, clock } = await startProcess({ run: () => advance() });
    await runner.start();
    await warm();
    advance = () => clock.advance(11);
    await create("long");
    await until(async () => (await count())["succeeded"] === ENOUGH + 1);
    close();
    for (const id of ["r1", "r2", "a", "b"]) await create(id);
    await until(() => begun.length === 1 + SLOTS);
    await quiet();
    expect(await count()).toMatchObject({ running: 2, queued: 2 });
  });
});

describe("the line of claims", () => {
  const job = (id: string): Job => ({
    id,
    workflow_id: "work.v1",
    status: "queued",
    priority: 0,
    attempt: 1,
    run_at: "2026-01-01T00:00:00.000Z",
    input: {},
    created_at: "2026-01-01T00:00:00.000Z",
    updated_at: "2026-01-01T00:00:00.000Z",
    created_seq: 1,
    depth: 0,
  });
  const workflow: WorkflowPlugin = { id: "work.v1", run: async () => undefined };

  it("counts the second anew once it was empty, and gives back all that wait when it is over", async () => {
    const clock = createFakeClock();
    const slots = createSlots({ concurrency: 1, onFree: () => line.proceed() });
    const line = createClaimsAhead(slots, clock);
    const free = slots.take(workflow);
    const came: string[] = [];
    const claim = async (id: string): Promise<void> => {
      line.add(job(id));
      const slot = await line.turn(job(id), workflow);
      came.push(`${id} ${slot === undefined ? "given back" : "begins"}`);
    };
    const all = [claim("a")];
    clock.advance(900);
    free();
    all.push(claim("b"));
    clock.advance(900);
    all.push(claim("c"));
    await quiet();
    expect([came, line.count]).toEqual([["a begins"], 2]);
    clock.advance(100);
    await Promise.all(all);
    expect(came).toEqual(["a begins", "b given back", "c given back"]);
    expect(line.count).toBe(0);
  });

  it("gives back at once what comes after the stop, also when a slot is free", async () => {
    const slots = createSlots({ concurrency: 1, onFree: () => undefined });
    const line = createClaimsAhead(slots, createFakeClock());
    line.add(job("a"));
    line.stop();
    expect(line.has("a")).toBe(true);
    expect(await line.turn(job("a"), workflow)).toBeUndefined();
    expect([line.has("a"), slots.used]).toEqual([false, 0]);
  });
});

describe("after a crash", () => {
  it("jobs that were claimed ahead count as not crashed, and run one at a time", async () => {
    const database = databasePath();
    const first = await withWaiting(["a", "b"], { database });
    await first.store.stop();

    const second = await startProcess({ database });
    second.close();
    await second.runner.start();
    for (const id of ["a", "b"]) {
      expect(await second.repo.plugins.getJobRun(id)).toMatchObject({ uncounted: 1, recoveries: 0 });
      expect(await second.repo.plugins.getJobAttempts(id)).toMatchObject({ runs: expect.any(Number) });
    }
    for (const id of ["r1", "r2"])
      expect(await second.repo.plugins.getJobRun(id)).toMatchObject({ uncounted: 1, recoveries: 1 });
    for (let ended = 0; ended < 4; ended += 1) {
      await until(() => second.begun.length === ended + 1);
      await quiet();
      expect(second.begun).toHaveLength(ended + 1);
      second.end(second.begun[ended] as string);
    }
    await until(async () => (await second.count())["running"] === 0);
    expect(second.begun.toSorted()).toEqual(["a", "b", "r1", "r2"]);
  });

  it("none is claimed ahead until those that may have caused it have run", async () => {
    const database = databasePath();
    const first = await withWaiting(["a"], { database });
    await first.store.stop();

    const gate = Promise.withResolvers<void>();
    const second = await startProcess({
      database,
      run: async (id) => {
        if (id === "a") await gate.promise;
      },
    });
    await second.runner.start();
    await until(() => second.begun.includes("a"));
    const ids = Array.from({ length: ENOUGH }, (_, index) => `warm-again-${index}`);
    await Promise.all(ids.map((id) => second.create(id)));
    await until(async () => (await second.count())["succeeded"] === ENOUGH + ENOUGH);
    second.close();
    for (const id of ["x", "y", "z"]) await second.create(id);
    await until(() => second.begun.includes("x"));
    await quiet();
    // "a" and "x" run; the others that ran wait for "a".
    expect(await second.count()).toMatchObject({ running: 2, queued: 4 });
    gate.resolve();
  });

  it("fails the job that ends the process again and again though it was claimed ahead, and no neighbour", async () => {
    const database = databasePath();
    const first = await withWaiting(["n1", "poison", "z2"], { database });
    // Each of them may have begun: the list of those that have not is as old as the last claim.
    for (const id of ["r1", "r2"]) first.end(id);
    await until(() => first.begun.includes("poison"));
    await first.store.stop();

    let crashes = 1;
    for (;;) {
      const crashed = Promise.withResolvers<"crashed">();
      const next = await startProcess({
        database,
        async run(id) {
          if (id !== "poison") return;
          crashed.resolve("crashed");
          await new Promise<never>(() => undefined);
        },
      });
      await next.runner.start();
      const over = until(async () => {
        const { queued, running } = await next.count();
        return queued === 0 && running === 0;
      }).then(() => "over" as const);
      over.catch(() => undefined);
      if ((await Promise.race([crashed.promise, over])) === "over") {
        expect(crashes).toBe(4);
        expect(await next.repo.getJob("poison")).toMatchObject({
          status: "failed",
          error: { code: "ATLAS_PLUGINS_CRASH_LOOP" },
        });
        for (const id of ["n1", "z2", "r1", "r2"]) expect(await next.status(id)).toBe("succeeded");
        await next.runner.stop(0);
        return;
      }
      crashes += 1;
      await next.store.stop();
    }
  });
});
