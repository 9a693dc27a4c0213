import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import type { PrunePolicy } from "../../src/index.ts";
import { expectUnchanged } from "../support/expect-unchanged.ts";
import { openStore } from "../support/open-store.ts";
import { countRows, readRows, readValue } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";

const OLD = "2026-01-01T00:00:00.000Z";
const CUT = "2026-06-01T00:00:00.000Z";
const LATE = "2030-01-01T00:00:00.000Z";

async function setUp() {
  const clock = createFakeClock(OLD);
  const store = await openStore({ clock });
  const prune = (policy: PrunePolicy) => store.commands.enqueue({ type: "maintenance.prune", policy });
  /** Tells the store that every sink has had everything. */
  const deliver = () => {
    const id = `evt_${readValue<string>(store.path, "select id from store")}_1`;
    return store.commands.enqueue({ type: "domainEvent.markDelivered", id, through_seq: 1_000_000 });
  };
  const ids = (table: string) =>
    readRows<{ id: string }>(store.path, `select id from ${table} order by id`).map(({ id }) => id);
  const job = async (
    id: string,
    statuses: readonly ("running" | "succeeded" | "failed" | "cancelled")[],
    parent_id?: string,
  ) => {
    await store.commands.enqueue({
      type: "job.create",
      job: { id, workflow_id: "w", ...(parent_id === undefined ? {} : { parent_id }) },
    });
    for (const status of statuses) await store.commands.enqueue({ type: "job.updateStatus", id, status });
  };
  return { clock, store, prune, deliver, ids, job };
}

it("removes delivered domain events from before the time, and never one that is not delivered", async () => {
  const { clock, store, prune } = await setUp();
  const emit = (type: string) => store.commands.enqueue({ type: "domainEvent.emit", event: { type } });
  await emit("old and delivered");
  await emit("old and not delivered");
  clock.setWallClock(Date.parse("2026-07-01T00:00:00.000Z"));
  await emit("young and delivered");
  const storeId = readValue<string>(store.path, "select id from store");
  for (const seq of [1, 3])
    await store.commands.enqueue({ type: "domainEvent.markDelivered", id: `evt_${storeId}_${seq}` });
  await prune({ domain_events_before: CUT });
  const kept = async () => (await store.repo.listDomainEvents()).items.map(({ type }) => type);
  expect(await kept()).toEqual(["old and not delivered", "young and delivered"]);
  await prune({ domain_events_before: LATE });
  expect(await kept()).toEqual(["old and not delivered"]);
  // The numbers go on where they were.
  await emit("next");
  expect((await store.repo.listDomainEvents()).items.at(-1)?.seq).toBe(4);
});

it("removes finished jobs from before the time, and never one that is not finished or has a child", async () => {
  const { clock, prune, deliver, ids, job } = await setUp();
  await job("succeeded", ["running", "succeeded"]);
  await job("failed", ["running", "failed"]);
  await job("cancelled", ["cancelled"]);
  await job("queued", []);
  await job("running", ["running"]);
  await job("parent of running", ["running", "succeeded"]);
  await job("child", ["running"], "parent of running");
  clock.setWallClock(Date.parse("2026-07-01T00:00:00.000Z"));
  await job("young", ["running", "succeeded"]);
  await job("parent of ended", ["running", "succeeded"]);
  await job("ended child", ["running", "succeeded"], "parent of ended");
  await deliver();
  await prune({ jobs_before: CUT });
  const kept = ["child", "parent of running", "queued", "running"];
  expect(ids("jobs")).toEqual(["child", "ended child", "parent of ended", ...kept.slice(1), "young"]);
  await prune({ jobs_before: LATE });
  expect(ids("jobs")).toEqual(["child", "parent of ended", ...kept.slice(1)]);
  // The parent goes after its last child.
  await prune({ jobs_before: LATE });
  expect(ids("jobs")).toEqual(kept);
});

it("removes artifacts from before the time and then their jobs, and never one of a job that is not finished", async () => {
  const { store, prune, deliver, ids, job } = await setUp();
  await job("running", ["running"]);
  await job("done", ["running", "succeeded"]);
  for (const [id, job_id] of [
    ["a1", "running"],
    ["a2", "done"],
    ["a3", "gone"],
    ["a4", undefined],
  ] as const) {
    const artifact = { id, type: "digest", ...(job_id === undefined ? {} : { job_id }) };
    await store.commands.enqueue({ type: "artifact.create", artifact });
  }
  await store.commands.enqueue({
    type: "artifact.update",
    id: "a3",
    patch: { title: "kept", updated_at: LATE },
  });
  await deliver();
  await prune({ jobs_before: LATE });
  expect(ids("jobs")).toEqual(["done", "running"]);
  await prune({ artifacts_before: CUT, jobs_before: LATE });
  expect(ids("artifacts")).toEqual(["a1", "a3"]);
  expect(ids("jobs")).toEqual(["running"]);
});

it("removes events and tombstones from before the time, and no entity that lives or is referred to", async () => {
  const { store, prune, deliver, ids } = await setUp();
  for (const [id, occurred_at] of [
    ["v1", OLD],
    ["v2", CUT],
  ] as const) {
    await store.commands.enqueue({ type: "event.insert", event: { id, type: "push", occurred_at } });
  }
  for (const [id, deleted_at] of [
    ["e1", null],
    ["e2", OLD],
    ["e3", LATE],
  ] as const) {
    await store.commands.enqueue({ type: "entity.upsert", entity: { id, type: "note", deleted_at } });
  }
  await store.commands.enqueue({
    type: "entity.upsert",
    entity: { id: "e4", type: "note", deleted_at: OLD },
  });
  await store.commands.enqueue({
    type: "event.insert",
    event: { id: "v3", type: "push", entity_id: "e4", occurred_at: LATE },
  });
  await deliver();
  await prune({ events_before: CUT, deleted_entities_before: CUT });
  expect(ids("events")).toEqual(["v2", "v3"]);
  expect(ids("entities")).toEqual(["e1", "e3", "e4"]);
});

it("removes nothing of which a sink has yet to be told", async () => {
  const { store, prune, deliver, ids, job } = await setUp();
  await job("job", ["running", "succeeded"]);
  await store.commands.enqueue({ type: "artifact.create", artifact: { id: "artifact", type: "digest" } });
  await store.commands.enqueue({
    type: "event.insert",
    event: { id: "event", type: "push", occurred_at: OLD },
  });
  await store.commands.enqueue({
    type: "entity.upsert",
    entity: { id: "entity", type: "note", deleted_at: OLD },
  });
  const policy = {
    jobs_before: LATE,
    artifacts_before: LATE,
    events_before: LATE,
    deleted_entities_before: LATE,
  };
  await expectUnchanged(store, () => prune(policy));
  await deliver();
  await prune(policy);
  expect(["jobs", "artifacts", "events", "entities"].flatMap(ids)).toEqual([]);
});

it("removes at most the given number of each kind, the first ones first", async () => {
  const { store, deliver, ids } = await setUp();
  for (const id of ["v1", "v2", "v3"]) {
    await store.commands.enqueue({ type: "event.insert", event: { id, type: "push", occurred_at: OLD } });
  }
  await deliver();
  const part = () =>
    store.commands.enqueue({ type: "maintenance.prune", policy: { events_before: CUT }, limit: 2 });
  expect((await part()).changed).toBe(true);
  expect(ids("events")).toEqual(["v3"]);
  expect((await part()).changed).toBe(true);
  expect((await part()).changed).toBe(false);
});

it("removes refusals from before the time, and no journal entry of the present epoch", async () => {
  const { clock, store, prune } = await setUp();
  await rejection(store.commands.enqueue({ type: "artifact.update", id: "none", patch: {} }));
  await store.commands.enqueue({ type: "entity.upsert", entity: { id: "e1", type: "note" } });
  clock.setWallClock(Date.parse("2026-07-01T00:00:00.000Z"));
  await store.commands.enqueue({ type: "entity.upsert", entity: { id: "e2", type: "note" } });
  expect(await prune({ refused_before: CUT, journal_before: LATE })).toEqual({ seq: 3, changed: true });
  expect(countRows(store.path, "refused_commands")).toBe(0);
  expect((await store.repo.listJournal()).items.map(({ seq }) => seq)).toEqual([1, 2, 3]);
});

it("removes nothing that is not named, emits nothing, and changes nothing where nothing is to be removed", async () => {
  const { store, prune, deliver } = await setUp();
  await store.commands.enqueue({ type: "event.insert", event: { type: "push" } });
  await deliver();
  await expectUnchanged(store, () => prune({}));
  await expectUnchanged(store, () =>
    prune({ events_before: OLD, jobs_before: LATE, artifacts_before: LATE }),
  );
  const events = countRows(store.path, "domain_events");
  await prune({ events_before: LATE });
  expect(countRows(store.path, "domain_events")).toBe(events);
});
