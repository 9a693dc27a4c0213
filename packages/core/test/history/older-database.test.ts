import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { openReadOnly } from "../support/driver.ts";

import { openStore } from "../support/open-store.ts";
import { databasePath } from "../support/temporary-folder.ts";

/** A database as core 1 left it. */
function oldDatabase(): string {
  const path = databasePath();
  const database = openRaw(path);
  database.exec(readFileSync(new URL("../golden/database-1.sql", import.meta.url), "utf8"));
  database.close();
  return path;
}

it("migrates a database from before calls had a context and reads its rows", async () => {
  const store = await openStore({ database: oldDatabase() });
  const waiting = await store.repo.getJobByKey("digest.v1", "daily");
  expect(waiting).toMatchObject({ id: "waiting", status: "queued", depth: 0 });
  expect(waiting).not.toHaveProperty("created_seq");
  expect(waiting).not.toHaveProperty("context");
  const { items: jobs } = await store.repo.listJobs();
  expect(jobs.map(({ id, status }) => [id, status])).toEqual([
    ["job", "succeeded"],
    ["waiting", "queued"],
  ]);
  const { items: events } = await store.repo.listDomainEvents();
  expect(events.map(({ seq, type, depth }) => [seq, type, depth])).toEqual([
    [11, "after", 0],
    [12, "job.created", 2],
  ]);
  const { items: journal } = await store.repo.listJournal();
  expect(journal.map(({ seq }) => seq)).toEqual(Array.from({ length: 15 }, (_, index) => index + 1));
  expect(journal.at(-1)?.cause).toEqual({ kind: "event", id: "evt_x", depth: 2 });
  expect([...events, ...journal].some((row) => "context" in row)).toBe(false);
});

it("reads such a database as it is, without migrating it", async () => {
  const path = oldDatabase();
  using store = await openReadOnly(path);
  expect(await store.repo.getJob("waiting")).toMatchObject({ status: "queued", depth: 0 });
  expect((await store.repo.listDomainEvents()).items.map(({ seq }) => seq)).toEqual([11, 12]);
  expect((await store.repo.listJournal({ limit: 1 })).items[0]).toMatchObject({
    seq: 1,
    actor: "source:notes",
  });
  expect(await store.repo.listReadyJobs({ workflow_ids: ["digest.v1"], now: "2030", limit: 9 })).toHaveLength(
    1,
  );
});

it("works on with such a database, and verifies from the copy that was made before the migration", async () => {
  const path = oldDatabase();
  const store = await openStore({ database: path });
  await store.commands.enqueue({ type: "job.updateStatus", id: "waiting", status: "running" });
  const context = { correlation_id: "c1" };
  await store.commands.enqueue(
    { type: "job.create", job: { id: "new", workflow_id: "w", context } },
    { context },
  );
  expect(await store.verify()).toMatchObject({ status: "verified", first_seq: 16, last_seq: 17 });
  await store.stop();
  const again = await openStore({ database: path });
  expect(await again.repo.getJob("new")).toMatchObject({ context, created_seq: 14, depth: 0 });
  expect(await again.verify()).toMatchObject({ status: "verified", first_seq: 16 });
});

it("renames entities whose source holds a colon, with what refers to them, and leaves the others", async () => {
  const path = oldDatabase();
  const database = openRaw(path);
  const entity = database.prepare(
    "insert into entities (id, type, source, external_id, updated_at) values (?, 'issue', ?, ?, 'now')",
  );
  entity.run("github:acme:12", "github:acme", "12");
  entity.run("github:7", "github", "7");
  entity.run("mine", "github:acme", "13");
  entity.run("50%:1", "50%", "1");
  // Somebody has given the new id to another entity.
  entity.run("taken:id:1", "taken:id", "1");
  entity.run("taken%3Aid:1", null, null);
  database.exec(
    "insert into events (id, type, entity_id, occurred_at) values ('e1', 'push', 'github:acme:12', 'now')",
  );
  database.exec(
    "insert into domain_events values (13, 'entity.upserted', 'github:acme:12', '{}', 15, 0, 'now', null)",
  );
  database.exec(
    "insert into domain_events values (14, 'note.read', 'github:acme:12', '{}', 15, 0, 'now', null)",
  );
  database.close();
  const store = await openStore({ database: path });
  for (const id of ["github%3Aacme:12", "github:7", "mine", "50%25:1", "taken:id:1", "taken%3Aid:1"])
    expect(await store.repo.getEntity(id)).toMatchObject({ type: "issue" });
  expect(await store.repo.getEntity("github:acme:12")).toBeUndefined();
  expect((await store.repo.listEvents({ entity_id: "github%3Aacme:12" })).items).toMatchObject([
    { id: "e1" },
  ]);
  const { items } = await store.repo.listDomainEvents({ after: 12 });
  expect(items.map(({ type, aggregate_id }) => [type, aggregate_id])).toEqual([
    ["entity.upserted", "github%3Aacme:12"],
    // Whose id that is, only its sender knows.
    ["note.read", "github:acme:12"],
  ]);
  // The source's next sync finds its entity again.
  const again = {
    type: "entity.upsert",
    entity: { type: "issue", source: "github:acme", external_id: "12" },
  } as const;
  expect(await store.commands.enqueue(again)).toMatchObject({ changed: false });
  expect(await store.verify()).toMatchObject({ status: "verified" });
});
