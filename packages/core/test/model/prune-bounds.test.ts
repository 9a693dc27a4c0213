import { createFakeClock } from "@atlas/testing/clock";
import { expect, it, onTestFinished } from "vitest";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { planOf as stepsOf } from "../../src/contract/change.ts";
import { migrate } from "../../src/file/migrate.ts";
import { type Command, coreModule, type PrunePolicy } from "../../src/index.ts";
import { type Removal, removals } from "../../src/model/removals.ts";
import { openStore } from "../support/open-store.ts";
import { countRows, readRows, readValue } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath } from "../support/temporary-folder.ts";

const OLD = "2026-01-01T00:00:00.000Z";
const CUT = "2026-06-01T00:00:00.000Z";

async function withEvents(count: number, { delivered = true } = {}) {
  const store = await openStore({ clock: createFakeClock(OLD) });
  const { enqueue } = store.commands;
  const numbers = Array.from({ length: count }, (_, index) => String(index).padStart(6, "0"));
  await Promise.all(
    numbers.map((number) =>
      enqueue({ type: "event.insert", event: { id: `v${number}`, type: "push", occurred_at: OLD } }),
    ),
  );
  const mark = (from = 1): Command => ({
    type: "domainEvent.markDelivered",
    id: `evt_${readValue<string>(store.path, "select id from store")}_${from}`,
    through_seq: 1_000_000,
  });
  if (delivered) while ((await enqueue(mark())).changed);
  const journaled = (type: string) =>
    readRows<{ payload: string }>(
      store.path,
      `select payload from journal where type = '${type}' order by seq`,
    ).map(({ payload }) => JSON.parse(payload) as Record<string, unknown>);
  return { store, enqueue, mark, journaled };
}

it("bounds a prune command without a limit: it removes the first rows, and the next one more", async () => {
  const { store, enqueue, journaled } = await withEvents(600);
  const prune = { type: "maintenance.prune", policy: { events_before: CUT } } as const;
  const left: number[] = [];
  while ((await enqueue(prune)).changed) left.push(countRows(store.path, "events"));
  expect(left).toEqual([350, 100, 0]);
  expect(journaled("maintenance.prune")[0]).toEqual({
    policy: { events_before: CUT },
    limit: 250,
    examine: 1_000,
  });
  expect(await store.verify()).toMatchObject({ status: "verified" });
});

it("shares its bound among the kinds that it names, so that a command of many kinds takes no longer", async () => {
  const { store, enqueue, journaled } = await withEvents(300);
  const policy = { events_before: CUT, domain_events_before: "2100-01-01T00:00:00.000Z" };
  await enqueue({ type: "maintenance.prune", policy });
  expect(journaled("maintenance.prune")[0]).toEqual({ policy, limit: 125, examine: 1_000 });
  expect(countRows(store.path, "events")).toBe(175);
  expect(countRows(store.path, "domain_events")).toBe(175);
  await enqueue({ type: "maintenance.prune", policy, limit: 200 });
  expect(countRows(store.path, "events")).toBe(0);
});

it("looks at a part of a table only, after the key that it is given", async () => {
  const { store, enqueue } = await withEvents(10);
  const prune = (part: { examine: number; after?: string }) =>
    enqueue({ type: "maintenance.prune", policy: { events_before: CUT }, ...part });
  await prune({ examine: 2, after: "v000003" });
  const ids = () =>
    readRows<{ id: string }>(store.path, "select id from events order by id").map(({ id }) => id);
  expect(ids()).not.toContain("v000004");
  expect(ids()).not.toContain("v000005");
  expect(ids()).toHaveLength(8);
  await prune({ examine: 3 });
  expect(ids()).toHaveLength(5);
  expect(ids()[0]).toBe("v000003");
});

it("refuses a place where several kinds are named, and a limit that takes long", async () => {
  const { enqueue } = await withEvents(0);
  const prune = (fields: object) =>
    rejection(enqueue({ type: "maintenance.prune", policy: {}, ...fields } as Command));
  const policy: PrunePolicy = { events_before: CUT, jobs_before: CUT };
  expect(await prune({ policy, after: "a" })).toMatchObject({
    code: "ATLAS_CORE_COMMAND_INVALID",
    details: { path: "after" },
  });
  expect(await prune({ limit: 1_001 })).toMatchObject({ details: { path: "limit" } });
});

it("marks at most 2,500 events with one command, the first ones first, and the next one the others", async () => {
  const { store, enqueue, mark, journaled } = await withEvents(2_600, { delivered: false });
  const undelivered = () => countRows(store.path, "domain_events where delivered_at is null");
  expect((await enqueue(mark())).changed).toBe(true);
  expect(undelivered()).toBe(100);
  expect(readValue(store.path, "select min(seq) from domain_events where delivered_at is null")).toBe(2_501);
  expect(journaled("domainEvent.markDelivered")[0]).toMatchObject({ limit: 2_500 });
  expect((await enqueue(mark())).changed).toBe(true);
  expect(undelivered()).toBe(0);
  expect((await enqueue(mark())).changed).toBe(false);
});

it("keeps what events may name while more than 2,500 are undelivered, and says so", async () => {
  const { store, enqueue, mark } = await withEvents(2_501, { delivered: false });
  await enqueue({ type: "domainEvent.emit", event: { type: "about nothing" } });
  const policy = { events_before: CUT, domain_events_before: CUT };
  // None of them is about this event: it stays because too many would have to be read.
  await enqueue({ ...mark(2_501), through_seq: 2_501 } as Command);
  expect(await store.prune(policy)).toMatchObject({
    kept_for_sinks: ["events"],
    before: { rows: { events: 2_501, domain_events: 2_502 } },
    after: { rows: { events: 2_501, domain_events: 2_501 } },
  });
  const direct = { type: "maintenance.prune", policy: { events_before: CUT }, after: "v002499" } as const;
  expect((await enqueue(direct)).changed).toBe(false);
  await enqueue({ ...mark(1), through_seq: 1 } as Command);
  expect(await store.prune(policy)).toMatchObject({
    kept_for_sinks: [],
    before: { rows: { events: 2_501 } },
    after: { rows: { events: 2_499 } },
  });
});

it("goes on behind rows that stay, with one command where something is to be removed and none elsewhere", async () => {
  const { store, enqueue, journaled } = await withEvents(2_600, { delivered: true });
  // The first 1,200 stay because an event is about them.
  await Promise.all(
    Array.from({ length: 1_200 }, (_, index) =>
      enqueue({
        type: "domainEvent.emit",
        event: { type: "held", aggregate_id: `v${String(index).padStart(6, "0")}` },
      }),
    ),
  );
  const { before, after } = await store.prune({ events_before: CUT });
  expect([before.rows.events, after.rows.events]).toEqual([2_600, 1_200]);
  const sent = journaled("maintenance.prune");
  expect(sent).toHaveLength(Math.ceil(1_400 / 250));
  expect(sent[0]).toMatchObject({ after: "v000999" });
  expect(await store.verify()).toMatchObject({ status: "verified" });
});

it("sends no command where nothing is to be removed", async () => {
  const { store, journaled } = await withEvents(1_100);
  const early = "2020-01-01T00:00:00.000Z";
  const report = await store.prune({
    domain_events_before: early,
    events_before: early,
    jobs_before: early,
    artifacts_before: early,
    deleted_entities_before: early,
    refused_before: early,
  });
  expect(report.after).toEqual(report.before);
  expect(journaled("maintenance.prune")).toEqual([]);
});

it("removes jobs from the leaves of their tree to its root, whatever the order of their ids", async () => {
  const { store, enqueue } = await withEvents(0);
  for (const [id, parent_id] of [
    ["a", undefined],
    ["b", "a"],
    ["c", "b"],
  ] as const) {
    await enqueue({
      type: "job.create",
      job: { id, workflow_id: "w", ...(parent_id === undefined ? {} : { parent_id }) },
    });
    await enqueue({ type: "job.updateStatus", id, status: "cancelled" });
  }
  const id = `evt_${readValue<string>(store.path, "select id from store")}_1`;
  await enqueue({ type: "domainEvent.markDelivered", id, through_seq: 100 });
  expect((await store.prune({ jobs_before: CUT })).after.rows).toEqual({ jobs: 0 });
});

it("removes what is from a millisecond before the time, and nothing from the time itself", async () => {
  const clock = createFakeClock("2026-05-31T23:59:59.999Z");
  const store = await openStore({ clock });
  const { enqueue } = store.commands;
  for (const name of ["before", "at"]) {
    const time = new Date(clock.now()).toISOString();
    await enqueue({ type: "entity.upsert", entity: { id: name, type: "note", deleted_at: time } });
    await enqueue({ type: "event.insert", event: { id: name, type: "push", occurred_at: time } });
    await enqueue({ type: "artifact.create", artifact: { id: name, type: "digest" } });
    await enqueue({ type: "job.create", job: { id: name, workflow_id: "w" } });
    await enqueue({ type: "job.updateStatus", id: name, status: "cancelled" });
    await rejection(enqueue({ type: "artifact.update", id: "none", patch: {} }));
    clock.setWallClock(Date.parse(CUT));
  }
  const last = readValue<number>(store.path, "select max(seq) from domain_events");
  const id = `evt_${readValue<string>(store.path, "select id from store")}_1`;
  await enqueue({ type: "domainEvent.markDelivered", id, through_seq: last });
  const counted = ["domain_events", "entities", "events", "artifacts", "jobs", "refused_commands"];
  const before = counted.map((table) => countRows(store.path, table));
  await store.prune({
    domain_events_before: CUT,
    deleted_entities_before: CUT,
    events_before: CUT,
    artifacts_before: CUT,
    jobs_before: CUT,
    refused_before: CUT,
    journal_before: CUT,
  });
  expect(counted.map((table) => countRows(store.path, table))).toEqual(before.map((rows) => rows / 2));
  expect(readValue(store.path, "select min(enqueued_at) from journal")).toBe(CUT);
  expect(readValue(store.path, "select min(seq) from journal")).toBe(6);
});

/** What SQLite would do for a statement in an empty store. */
function planOf(sql: string): string {
  const path = databasePath();
  const database = openRaw(path);
  onTestFinished(() => void database.close());
  migrate(database, { path, modules: [coreModule], now: OLD, newStoreId: () => "lab00000" });
  const values = Array.from({ length: sql.split("?").length - 1 }, () => 1);
  return database
    .prepare<unknown[], { detail: string }>(`explain query plan ${sql}`)
    .all(...values)
    .map(({ detail }) => detail)
    .join("\n");
}

const kinds: readonly (readonly [string, Removal])[] = Object.entries(removals);

it.each(kinds)(
  "%s reads a part of its table by the key, and undelivered events by their index",
  (_, kind) => {
    for (const { compiled } of [kind.remove, kind.find]) {
      const plan = planOf(compiled().sql);
      expect(plan).toMatch(
        /SEARCH old USING (INDEX sqlite_autoindex_\w+ \(id|INTEGER PRIMARY KEY \(rowid)>\? AND/,
      );
      expect(plan).not.toMatch(/SCAN (?!named|examined|found|epochs)/);
      expect(plan).not.toMatch(/TEMP B-TREE/);
      if (kind.isAwaited)
        expect(plan).toMatch(/SEARCH undelivered USING (COVERING )?INDEX domain_events_undelivered/);
    }
    expect(planOf(kind.measure.compiled().sql)).toMatch(
      /SEARCH row USING (COVERING INDEX|INTEGER PRIMARY KEY)/,
    );
  },
);

it("finds by an index whether an event or a tombstone is old", () => {
  expect(planOf(removals.events_before.findAny?.compiled().sql ?? "")).toMatch(/events_by_time/);
  expect(planOf(removals.deleted_entities_before.findAny?.compiled().sql ?? "")).toMatch(/entities_deleted/);
});

it("finds the undelivered events of a range by their index", () => {
  const { apply } = coreModule.commands["domainEvent.markDelivered"];
  const { steps } = stepsOf(apply, { id: "evt_lab00000_1", through_seq: 9, limit: 5, at: OLD });
  const plans = steps.map(({ alternatives: [step] }) => planOf(step?.statement.compiled().sql ?? ""));
  expect(plans[0]).toMatch(/SEARCH later (EXISTS )?USING INTEGER PRIMARY KEY \(rowid>\? AND rowid<\?\)/);
  expect(plans[1]).toMatch(
    /SEARCH undelivered USING COVERING INDEX domain_events_undelivered \(delivered_at=\? AND rowid>\? AND rowid<\?\)/,
  );
});
