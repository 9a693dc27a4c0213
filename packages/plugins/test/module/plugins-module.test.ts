import type { Command } from "@atlas/core";
import { expect, it } from "vitest";
import type { PluginsCommand } from "../../src/runtime.ts";
import { openStore } from "../support/open-store.ts";

const at = "2026-01-01T00:00:00.000Z";
const later = "2026-01-01T01:00:00.000Z";
const made = { id: "a", workflow_id: "w", schedule: { everyMs: 1_000 }, input: {} };
const error = { message: "down" };
const filter = { type: "approved" };

/** Every command of the module at least once, some twice: what a gateway's life consists of. */
const story: readonly (Command | PluginsCommand)[] = [
  { type: "job.create", job: { id: "j1", workflow_id: "w" } },
  { type: "plugins.source.checkpoint", source_id: "s", cursor: { page: 1 } },
  { type: "plugins.source.checkpoint", source_id: "s", cursor: { page: 2 } },
  { type: "plugins.schedule.set", kind: "source", id: "s", spec: { everyMs: 1_000 }, next_at: at },
  { type: "plugins.schedule.upsert", ...made, revision: "r1", next_at: at },
  {
    type: "plugins.schedule.advance",
    id: "a",
    revision: "r1",
    after: 0,
    runs: 1,
    next_at: at,
    last_job_id: "j",
  },
  { type: "plugins.schedule.upsert", ...made, input: { b: 1 }, revision: "r2" },
  { type: "plugins.schedule.advance", id: "a", revision: "r2", after: 1, runs: 1, next_at: later },
  { type: "plugins.schedule.upsert", ...made, id: "gone", revision: "r1", next_at: at },
  { type: "plugins.schedule.remove", id: "gone" },
  { type: "plugins.schedule.remove", id: "gone" },
  { type: "plugins.schedule.upsert", ...made, id: "gone", revision: "r2" },
  { type: "plugins.sink.advance", sink_id: "k", event_seq: 1 },
  { type: "plugins.sink.fail", sink_id: "k", event_seq: 1, status: "dead", attempts: 1, next_at: at, error },
  {
    type: "plugins.sink.fail",
    sink_id: "k",
    event_seq: 2,
    status: "retrying",
    attempts: 1,
    next_at: at,
    error,
  },
  { type: "plugins.sink.fail", sink_id: "k", event_seq: 3, status: "dead", attempts: 1, next_at: at, error },
  { type: "plugins.sink.redrive", sink_id: "k", event_seqs: [1, 2, 4] },
  { type: "plugins.sink.settle", sink_id: "k", event_seqs: [2] },
  { type: "plugins.sink.dismiss", sink_id: "k", event_seqs: [1, 3] },
  { type: "plugins.job.step", job_id: "j1", name: "one", result: { paid: true } },
  { type: "plugins.job.step", job_id: "j1", name: "one", result: { paid: "twice" } },
  {
    type: "plugins.wait.open",
    job_id: "j1",
    attempt: 1,
    kind: "event",
    name: "approval",
    filter,
    scanned_seq: 1,
  },
  { type: "plugins.wait.open", job_id: "j1", attempt: 1, kind: "signal", name: "go", deadline: at },
  { type: "plugins.wait.open", job_id: "j1", attempt: 1, kind: "time", name: "nap", deadline: at },
  { type: "plugins.wait.answer", job_id: "j1", kind: "signal", name: "go", value: { yes: true }, by: "ada" },
  { type: "plugins.wait.answer", job_id: "j1", kind: "signal", name: "early", value: null, by: "eve" },
  { type: "plugins.wait.expire", job_id: "j1", kind: "event", name: "approval" },
  { type: "plugins.wait.drop", job_id: "j1" },
  { type: "plugins.job.uncount", job_id: "j1" },
  { type: "plugins.job.uncount", job_id: "j1" },
  { type: "plugins.job.uncount", job_id: "j1" },
  { type: "plugins.job.recover", job_id: "j1", attempt: 3 },
  { type: "plugins.job.recover", job_id: "j1", attempt: 4 },
  { type: "plugins.job.progress", job_id: "j1", progress: { done: 1 } },
  { type: "plugins.job.step", job_id: "gone", name: "one" },
  { type: "plugins.job.call", job_id: "j1", kind: "artifact", target: "j1:artifact:1", attempt: 1 },
  {
    type: "plugins.job.call",
    job_id: "j1",
    kind: "artifact",
    target: "j1:artifact:1",
    attempt: 2,
    digest: "d",
    step: "s",
  },
  { type: "plugins.job.call", job_id: "j1", kind: "job", target: "j1:job:1", attempt: 1, digest: "d" },
  { type: "plugins.job.version", job_id: "j1", version: 1 },
  { type: "plugins.job.version", job_id: "j1", version: 2 },
  { type: "plugins.job.version", job_id: "gone", version: 2 },
  { type: "plugins.job.step", job_id: "j2", name: "one" },
  { type: "plugins.job.restart", job_id: "j2", attempt: 2, version: 3 },
  { type: "plugins.job.key", workflow_id: "w", scope: "active", key: "k", job_id: "j1", input_digest: "d" },
  { type: "plugins.job.key", workflow_id: "w", scope: "job", key: "k", job_id: "gone", input_digest: "d" },
  { type: "plugins.batch.open", workflow_id: "w", key: "k", job_id: "j1" },
  { type: "plugins.batch.open", workflow_id: "w", key: "", job_id: "gone" },
  { type: "plugins.batch.open", workflow_id: "w", key: "", job_id: "gone too", before: "gone" },
  { type: "plugins.batch.add", job_id: "j1", number: 1, input: { b: 1, a: 2 } },
  { type: "plugins.batch.add", job_id: "j1", number: 2, input: {} },
  { type: "plugins.job.result", job_id: "j1", result: { first: 1 } },
  { type: "plugins.job.result", job_id: "j1", result: [2] },
  { type: "plugins.job.result", job_id: "gone", result: null },
];

it("keeps what it is told, emits nothing, and a replay gives the same rows", async () => {
  const { store, commands, repo } = await openStore();
  for (const command of story) await commands.enqueue(command);
  const { plugins } = repo;
  expect(await plugins.getSourceCursor("s")).toEqual({ page: 2 });
  expect(await plugins.listApiSchedules()).toEqual([
    { ...made, input: { b: 1 }, revision: "r2", next_at: later, runs: 1, last_job_id: "j" },
  ]);
  expect(await plugins.listFailedDeliveries()).toMatchObject([
    { event_seq: 1, status: "retrying", attempts: 0 },
  ]);
  // The first result of a step stays.
  expect(await plugins.listJobSteps("j1")).toContainEqual({ name: "one", result: { paid: true } });
  expect(await plugins.listWaits("j1")).toMatchObject([
    { name: "early", answer: { value: null, by: "eve", order: 2 } },
    { name: "approval", filter, closed_at: expect.any(String) },
    { name: "go", deadline: at, answer: { value: { yes: true }, by: "ada", order: 1 } },
  ]);
  // Two waits, an interruption and two crashes, the last two in a row.
  expect(await plugins.getJobRun("j1")).toMatchObject({ uncounted: 5, recoveries: 2, recovered_attempt: 4 });
  expect(await plugins.listJobCalls("j1")).toEqual([
    { kind: "artifact", target: "j1:artifact:1", attempt: 2, digest: "d", step: "s" },
    { kind: "job", target: "j1:job:1", attempt: 1, digest: "d", step: null },
  ]);
  expect(await plugins.getJobKey("w", "active", "k")).toEqual({
    job_id: "j1",
    input_digest: "d",
    until: null,
  });
  expect(await plugins.getJobKey("w", "job", "k")).toBeUndefined();
  expect(await plugins.getBatch("w", "k")).toMatchObject({ job_id: "j1", status: "queued", size: 2 });
  expect(await plugins.getBatch("w", "")).toMatchObject({ job_id: "gone too", status: null, size: 0 });
  expect(await plugins.listBatchInputs("j1")).toEqual([
    { number: 1, input: { b: 1, a: 2 } },
    { number: 2, input: {} },
  ]);
  expect(await plugins.getJobResult("j1")).toEqual([2]);
  expect(await plugins.getJobResult("gone")).toBeNull();
  expect((await repo.listDomainEvents()).items.map(({ type }) => type)).toEqual(["job.created"]);
  expect(await store.verify()).toMatchObject({ status: "verified" });

  await commands.enqueue({ type: "plugins.job.forget" });
  expect(await plugins.listJobSteps("gone")).toEqual([]);
  expect(await plugins.getJobResult("gone")).toBeUndefined();
  expect(await plugins.getBatch("w", "")).toBeUndefined();
  expect(await plugins.listBatchInputs("j1")).toHaveLength(2);
  expect(await plugins.getJobResult("j1")).toEqual([2]);
  expect(await plugins.listJobSteps("j1")).not.toEqual([]);
  await commands.enqueue({ type: "plugins.job.forgive", job_id: "j1", attempt: 4 });
  expect(await plugins.getJobRun("j1")).toMatchObject({ uncounted: 4, recoveries: 0 });
  await commands.enqueue({ type: "plugins.job.forget", job_id: "j1" });
  expect(await plugins.listJobSteps("j1")).toEqual([]);
  expect(await plugins.listBatchInputs("j1")).toHaveLength(2);
  await commands.enqueue({ type: "plugins.sink.forget", sink_id: "k" });
  expect(await plugins.getSinkCursor("k")).toBeUndefined();
  expect(await store.verify()).toMatchObject({ status: "verified" });
});

it("refuses the runs of a schedule that was changed, run or removed in the meantime, with their jobs", async () => {
  const { commands, repo } = await openStore();
  await commands.enqueue({ type: "plugins.schedule.upsert", ...made, revision: "r1", next_at: at });
  const advance = {
    type: "plugins.schedule.advance",
    id: "a",
    revision: "r1",
    after: 0,
    runs: 1,
    next_at: later,
    last_job_id: "j1",
  } as const;
  for (const wrong of [{ revision: "r2" }, { after: 1 }, { id: "b" }]) {
    const job = { type: "job.create", job: { id: "j1", workflow_id: "w" } } as const;
    const { last_job_id: _, ...withoutJob } = advance;
    for (const unit of [
      [{ ...advance, ...wrong }, job],
      [job, { ...withoutJob, ...wrong }],
    ])
      await expect(commands.enqueueAll(unit)).rejects.toMatchObject({
        code: "ATLAS_PLUGINS_SCHEDULE_CHANGED",
        details: { id: wrong.id ?? "a" },
      });
  }
  expect(await repo.getJob("j1")).toBeUndefined();
  expect(await repo.plugins.getApiSchedule("a")).toMatchObject({ runs: 0, next_at: at });
});

it("refuses to wake a job that does not wait there", async () => {
  const { commands } = await openStore();
  await expect(
    commands.enqueue({ type: "plugins.wait.wake", job_id: "j1", attempt: 1 }),
  ).rejects.toMatchObject({ code: "ATLAS_PLUGINS_NOT_WAITING" });
});

it("never moves a sink's cursor back", async () => {
  const { commands, repo } = await openStore();
  await commands.enqueue({ type: "plugins.sink.advance", sink_id: "k", event_seq: 9 });
  expect(await commands.enqueue({ type: "plugins.sink.advance", sink_id: "k", event_seq: 8 })).toMatchObject({
    changed: false,
  });
  expect(await repo.plugins.getSinkCursor("k")).toBe(9);
});

it("counts the runs of a job, and how many of its attempts these used up", async () => {
  const { commands, repo } = await openStore();
  await commands.enqueue({ type: "job.create", job: { id: "j1", workflow_id: "w" } });
  expect(await repo.plugins.getJobAttempts("j1")).toEqual({ runs: 0, attempts_used: 0 });
  await commands.enqueue({ type: "job.updateStatus", id: "j1", status: "running", attempt: 1 });
  expect(await repo.plugins.getJobAttempts("j1")).toEqual({ runs: 1, attempts_used: 1 });
  await commands.enqueue({ type: "plugins.job.uncount", job_id: "j1" });
  expect(await repo.plugins.getJobAttempts("j1")).toEqual({ runs: 1, attempts_used: 0 });
});

it("refuses an input of a batch unless it is the next one, and the job is queued and has never begun", async () => {
  const { commands, repo } = await openStore();
  const CLOSED = { code: "ATLAS_PLUGINS_BATCH_CLOSED" };
  const job = { id: "j1", workflow_id: "w" };
  const add = (number: number) =>
    commands.enqueue({ type: "plugins.batch.add", job_id: "j1", number, input: {} });
  const move = (status: "running" | "queued") =>
    commands.enqueue({ type: "job.updateStatus", id: "j1", status });
  await expect(add(1)).rejects.toMatchObject(CLOSED);
  await commands.enqueue({ type: "job.create", job });
  await expect(add(2)).rejects.toMatchObject(CLOSED);
  await add(1);
  await expect(add(1)).rejects.toMatchObject(CLOSED);
  await expect(add(3)).rejects.toMatchObject(CLOSED);
  await move("running");
  await expect(add(2)).rejects.toMatchObject(CLOSED);
  await move("queued");
  await expect(add(2)).rejects.toMatchObject({ ...CLOSED, details: { id: "j1" } });
  expect(await repo.plugins.listBatchInputs("j1")).toEqual([{ number: 1, input: {} }]);
});

it("refuses a second batch of a key unless the caller knew of the first", async () => {
  const { commands, repo } = await openStore();
  const open = (job_id: string, before?: string) =>
    commands.enqueue({
      type: "plugins.batch.open",
      workflow_id: "w",
      key: "k",
      job_id,
      ...(before === undefined ? {} : { before }),
    });
  await open("one");
  for (const before of [undefined, "other"])
    await expect(open("two", before)).rejects.toMatchObject({ code: "ATLAS_PLUGINS_BATCH_CLOSED" });
  expect(await repo.plugins.getBatch("w", "k")).toMatchObject({ job_id: "one" });
  await open("two", "one");
  expect(await repo.plugins.getBatch("w", "k")).toMatchObject({ job_id: "two" });
});
