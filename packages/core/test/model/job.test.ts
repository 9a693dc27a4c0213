import { createFakeClock } from "@atlas/testing/clock";
import { describe, expect, it } from "vitest";
import type { Job, JobStatus, JsonObject, NewJob } from "../../src/index.ts";
import { expectUnchanged } from "../support/expect-unchanged.ts";
import { openStore } from "../support/open-store.ts";
import { countRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";

async function setUp() {
  const clock = createFakeClock("2026-11-21T09:00:00.000Z");
  const store = await openStore({ clock });
  const create = (job: Partial<NewJob> = {}) =>
    store.commands.enqueue({ type: "job.create", job: { id: "j1", workflow_id: "w1", ...job } });
  const move = (
    status: JobStatus,
    fields: { attempt?: number; run_at?: string; error?: { code: string }; input?: JsonObject } = {},
  ) => store.commands.enqueue({ type: "job.updateStatus", id: "j1", status, ...fields });
  const job = async () => (await store.repo.getJob("j1")) as Job;
  return { clock, store, create, move, job };
}

describe("job.create", () => {
  it("queues a job that is ready at once, and tells of it", async () => {
    const { store, create, job } = await setUp();
    await create();
    expect(await job()).toEqual({
      id: "j1",
      workflow_id: "w1",
      status: "queued",
      priority: 0,
      attempt: 0,
      run_at: "2026-11-21T09:00:00.000Z",
      input: {},
      created_at: "2026-11-21T09:00:00.000Z",
      updated_at: "2026-11-21T09:00:00.000Z",
      created_seq: 1,
      depth: 0,
    });
    expect((await store.repo.listDomainEvents()).items).toEqual([
      expect.objectContaining({ type: "job.created", aggregate_id: "j1", payload: { workflow_id: "w1" } }),
    ]);
  });

  it("keeps every field", async () => {
    const { create, job } = await setUp();
    const given = {
      input: { topic: "x" },
      priority: -3,
      run_at: "2026-12-01T00:00:00.000Z",
      idempotency_key: "k1",
      parent_id: "p1",
      max_attempts: 5,
      created_at: "2026-01-01T00:00:00.000Z",
    };
    await create(given);
    expect(await job()).toMatchObject({ ...given, updated_at: given.created_at });
  });

  it("stores whose job it is, and refuses a key of more than 255 bytes", async () => {
    const store = await openStore();
    const create = (id: string, group_key: string) =>
      store.commands.enqueue({ type: "job.create", job: { id, workflow_id: "w1", group_key } });
    await create("j1", "tenant:7");
    expect(await store.repo.getJob("j1")).toMatchObject({ group_key: "tenant:7" });
    await expect(create("j2", "ä".repeat(128))).rejects.toMatchObject({ code: "ATLAS_CORE_COMMAND_INVALID" });
    await expect(create("j2", "")).rejects.toMatchObject({ code: "ATLAS_CORE_COMMAND_INVALID" });
  });

  it("makes no second job of a known id, or of a known key of the same workflow", async () => {
    const { store, create } = await setUp();
    await create({ idempotency_key: "k1" });
    await expectUnchanged(store, () => create({ workflow_id: "w2", input: { other: true } }));
    await expectUnchanged(store, () => create({ id: "j2", idempotency_key: "k1" }));
    await create({ id: "j3", workflow_id: "w2", idempotency_key: "k1" });
    expect(countRows(store.path, "jobs")).toBe(2);
    expect((await store.repo.getJobByKey("w1", "k1"))?.id).toBe("j1");
  });
});

const statuses: readonly JobStatus[] = ["queued", "running", "succeeded", "failed", "cancelled"];
const allowed: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  queued: ["running", "cancelled", "queued"],
  running: ["succeeded", "failed", "cancelled", "queued"],
  succeeded: [],
  failed: ["queued"],
  cancelled: ["queued"],
};
const eventOf: Readonly<Record<JobStatus, string>> = {
  queued: "job.requeued",
  running: "job.started",
  succeeded: "job.succeeded",
  failed: "job.failed",
  cancelled: "job.cancelled",
};
/** The ways in which a command may speak of an attempt; the job is in its second one, or before it. */
const attempts = ["none", "the right one", "an earlier one", "a later one"] as const;

describe("job.updateStatus", () => {
  describe.each(statuses)("from %s", (from) => {
    it.each(statuses.flatMap((to) => attempts.map((attempt) => ({ to, attempt }))))(
      "to $to, naming as attempt: $attempt",
      async ({ to, attempt }) => {
        const { store, create, move, job } = await setUp();
        await create();
        await move("running");
        await move("queued");
        if (from !== "queued") await move("running");
        if (from !== "queued" && from !== "running") await move(from);
        const before = await job();
        expect([before.status, before.attempt]).toEqual([from, from === "queued" ? 1 : 2]);

        // Starting speaks of the attempt that it begins.
        const right = to === "running" ? before.attempt + 1 : before.attempt;
        const named = {
          none: undefined,
          "the right one": right,
          "an earlier one": right - 1,
          "a later one": right + 1,
        };
        const number = named[attempt];
        // There is no attempt 0, and a command that names it is not valid at all.
        const sent = move(to, number === undefined || number === 0 ? {} : { attempt: number });
        const fits = attempt === "none" || attempt === "the right one" || number === 0;
        if (allowed[from].includes(to) && fits) {
          expect(await sent).toMatchObject({ changed: true });
          expect(await job()).toMatchObject({
            status: to,
            attempt: to === "running" ? right : before.attempt,
          });
          expect((await store.repo.listDomainEvents()).items.at(-1)).toMatchObject({
            type: eventOf[to],
            aggregate_id: "j1",
          });
        } else {
          expect(await rejection(sent)).toMatchObject({
            code: "ATLAS_CORE_JOB_CONFLICT",
            details: { id: "j1", status: to },
          });
          expect(await job()).toEqual(before);
        }
      },
    );
  });

  it("refuses to move a job that is not there", async () => {
    const { move } = await setUp();
    expect((await rejection(move("running"))).code).toBe("ATLAS_CORE_JOB_CONFLICT");
  });

  it("moves only a job of the status that the command names with from", async () => {
    const { create, move, job, store } = await setUp();
    const queue = (from: "running" | "cancelled") =>
      store.commands.enqueue({ type: "job.updateStatus", id: "j1", status: "queued", from });
    await create();
    await move("running", { attempt: 1 });
    await move("cancelled");
    const refused = await queue("running").catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "ATLAS_CORE_JOB_CONFLICT",
      details: { id: "j1", status: "queued" },
    });
    expect(await job()).toMatchObject({ status: "cancelled" });
    await queue("cancelled");
    expect(await job()).toMatchObject({ status: "queued" });
  });

  it("notes when a job started and ended, and with which error, and clears it for the next attempt", async () => {
    const { clock, create, move, job, store } = await setUp();
    const error = { code: "E_TIMEOUT" };
    await create();
    clock.advance(1_000);
    await move("running", { attempt: 1 });
    clock.advance(1_000);
    await move("failed", { attempt: 1, error });
    expect(await job()).toMatchObject({
      started_at: "2026-11-21T09:00:01.000Z",
      finished_at: "2026-11-21T09:00:02.000Z",
      updated_at: "2026-11-21T09:00:02.000Z",
      error,
    });
    expect((await store.repo.listDomainEvents()).items.at(-1)?.payload).toEqual({ attempt: 1, error });
    clock.advance(1_000);
    await move("queued", { run_at: "2026-11-21T10:00:00.000Z", error });
    const queued = await job();
    expect(queued).toMatchObject({ status: "queued", attempt: 1, run_at: "2026-11-21T10:00:00.000Z", error });
    expect(queued.finished_at).toBeUndefined();
    await move("running");
    await move("succeeded");
    expect((await job()).error).toBeUndefined();
  });

  it("requeues a job for now where no time is given", async () => {
    const { clock, create, move, job } = await setUp();
    await create();
    await move("running");
    clock.advance(5_000);
    await move("queued");
    expect((await job()).run_at).toBe("2026-11-21T09:00:05.000Z");
  });

  it("gives a job that has not begun another input and time, and refuses that for any other", async () => {
    const { create, move, job, store } = await setUp();
    await create();
    const run_at = "2026-11-21T10:00:00.000Z";
    await move("queued", { input: { page: 2 }, run_at });
    expect(await job()).toMatchObject({ status: "queued", attempt: 0, input: { page: 2 }, run_at });
    expect((await store.repo.listDomainEvents()).items.at(-1)).toMatchObject({
      type: "job.requeued",
      payload: { run_at },
    });
    await expect(move("running", { input: {} })).rejects.toMatchObject({
      code: "ATLAS_CORE_COMMAND_INVALID",
      message: expect.stringContaining("only a job that is queued can get another input"),
    });
    const refused = { code: "ATLAS_CORE_JOB_CONFLICT" };
    await move("running");
    await expect(move("queued", { input: { page: 3 } })).rejects.toMatchObject(refused);
    await move("queued");
    await expect(move("queued", { input: { page: 3 } })).rejects.toMatchObject(refused);
    await move("cancelled");
    await expect(move("queued", { input: { page: 3 } })).rejects.toMatchObject(refused);
    expect(await job()).toMatchObject({ input: { page: 2 }, attempt: 1 });
    expect(await store.verify()).toMatchObject({ status: "verified" });
  });
});

it("refuses a list of an unknown status instead of keeping a query for each", async () => {
  const store = await openStore();
  for (const status of ["done", "x' or 1=1", "constructor"]) {
    await expect(async () => store.repo.listJobs({ status: status as JobStatus })).rejects.toThrow(
      `listJobs: "${status}" is not a status of a job. Use queued, running, succeeded, failed, cancelled.`,
    );
  }
});

describe("job.markDue", () => {
  const at = (minutes: number) =>
    new Date(Date.parse("2026-11-21T09:00:00.000Z") + minutes * 60_000).toISOString();

  async function withJobs(jobs: readonly (Partial<NewJob> & { readonly id: string })[]) {
    const { store, clock } = await setUp();
    for (const job of jobs)
      await store.commands.enqueue({
        type: "job.create",
        job: { workflow_id: "w1", group_key: "a", ...job },
      });
    const seqs = (await store.repo.listDomainEvents()).items.length;
    return {
      clock,
      mark: (fields: { at?: string; limit?: number } = {}) =>
        store.commands.enqueue({ type: "job.markDue", workflow_id: "w1", limit: 10, ...fields }),
      marked: async () =>
        (await store.repo.listJobs()).items
          .filter(({ updated_at, created_at }) => updated_at !== created_at)
          .map(({ id, updated_at }) => `${id} ${updated_at}`),
      newEvents: async () => (await store.repo.listDomainEvents()).items.length - seqs,
    };
  }

  it("marks those that are due, as many as it is told, the ones first that were due first", async () => {
    const { mark, marked, newEvents } = await withJobs([
      { id: "third", run_at: at(3) },
      { id: "first", run_at: at(1) },
      { id: "second", run_at: at(2) },
      { id: "late", run_at: at(9) },
    ]);
    await mark({ at: at(3), limit: 2 });
    expect(await marked()).toEqual([`first ${at(3)}`, `second ${at(3)}`]);
    await mark({ at: at(4) });
    expect(await marked()).toEqual([`first ${at(3)}`, `second ${at(3)}`, `third ${at(4)}`]);
    expect(await newEvents()).toBe(0);
  });

  it("marks by the time at which it is sent, unless it names one", async () => {
    const { clock, mark, marked } = await withJobs([{ id: "later", run_at: at(1) }]);
    await mark();
    expect(await marked()).toEqual([]);
    clock.advance(60_000);
    await mark();
    expect(await marked()).toEqual([`later ${at(1)}`]);
  });

  it("leaves alone jobs of other workflows, without a key, that are ready, or that are not queued", async () => {
    const { store } = await setUp();
    const later = { workflow_id: "w1", run_at: at(1), group_key: "a" };
    for (const job of [
      { ...later, id: "other", workflow_id: "w2" },
      { id: "without", workflow_id: "w1", run_at: at(1) },
      { ...later, id: "ready", run_at: at(0) },
      { ...later, id: "cancelled" },
      { ...later, id: "running" },
    ])
      await store.commands.enqueue({ type: "job.create", job });
    await store.commands.enqueue({
      type: "job.updateStatus",
      id: "cancelled",
      status: "cancelled",
      at: at(0),
    });
    await store.commands.enqueue({ type: "job.updateStatus", id: "running", status: "running", at: at(0) });
    await expectUnchanged(store, () =>
      store.commands.enqueue({ type: "job.markDue", workflow_id: "w1", at: at(5), limit: 10 }),
    );
  });

  it("refuses a limit that the writer could not carry out at once", async () => {
    const { mark } = await withJobs([]);
    for (const limit of [0, 10_001, 1.5])
      await expect(mark({ limit })).rejects.toMatchObject({ code: "ATLAS_CORE_COMMAND_INVALID" });
  });
});
