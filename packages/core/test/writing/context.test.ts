import { expect, it } from "vitest";
import type { CommittedBatch } from "../../src/index.ts";
import { openStore } from "../support/open-store.ts";
import { readRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";

const context = {
  actor: "user:1",
  correlation_id: "c1",
  tenant: "t1",
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  job_id: "j1",
  workflow_id: "w1",
  attempt: 2,
};

it("writes the context of an envelope into the journal and the events of every command of its unit", async () => {
  const store = await openStore();
  const heard: CommittedBatch[] = [];
  store.onCommitted((batch) => void heard.push(batch));
  await Promise.all([
    store.commands.enqueueAll(
      [
        { type: "entity.upsert", entity: { id: "a", type: "note" } },
        { type: "entity.upsert", entity: { id: "b", type: "note" } },
      ],
      { context },
    ),
    store.commands.enqueue({ type: "entity.upsert", entity: { id: "c", type: "note" } }),
  ]);
  const { items: events } = await store.repo.listDomainEvents();
  expect(events.map((event) => event.context)).toEqual([context, context, undefined]);
  const { items: journal } = await store.repo.listJournal();
  expect(journal.map((entry) => entry.context)).toEqual([context, context, undefined]);
  expect(heard.flatMap((batch) => batch.events)).toEqual(events);
  expect((await store.repo.getDomainEvent(events[0]?.id ?? ""))?.context).toEqual(context);
});

it("stores a context as canonical JSON, and null where there is none", async () => {
  const store = await openStore();
  await store.commands.enqueue(
    { type: "domainEvent.emit", event: { type: "a" } },
    { context: { tenant: "t", attempt: 1, actor: "ä" } },
  );
  await store.commands.enqueue({ type: "domainEvent.emit", event: { type: "b" } });
  for (const table of ["journal", "domain_events"]) {
    expect(readRows(store.path, `select context from ${table} order by seq`)).toEqual([
      { context: '{"actor":"ä","attempt":1,"tenant":"t"}' },
      { context: null },
    ]);
  }
});

it("does not change the journal when the caller changes the context afterwards", async () => {
  const store = await openStore();
  const mine = { tenant: "before" };
  const sent = store.commands.enqueue(
    { type: "job.create", job: { id: "j", workflow_id: "w", context: mine } },
    { context: mine },
  );
  mine.tenant = "after";
  await sent;
  expect((await store.repo.getJob("j"))?.context).toEqual({ tenant: "before" });
  expect((await store.repo.listJournal()).items[0]?.context).toEqual({ tenant: "before" });
});

it("takes a request as the cause of a command", async () => {
  const store = await openStore();
  const cause = { kind: "request", id: "POST /jobs 17", depth: 0 } as const;
  await store.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } }, { cause });
  expect((await store.repo.listJournal()).items[0]?.cause).toEqual(cause);
});

it("keeps a job's context, deadline, depth and the number of its first event, also over a restart", async () => {
  const store = await openStore();
  await store.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } });
  await store.commands.enqueueAll(
    [
      { type: "domainEvent.emit", event: { type: "before" } },
      {
        type: "job.create",
        job: { id: "j", workflow_id: "w", context, deadline_at: "2026-11-21T10:00:00+01:00" },
      },
    ],
    { cause: { kind: "event", id: "evt_1", depth: 5 } },
  );
  const job = {
    id: "j",
    context,
    deadline_at: "2026-11-21T09:00:00.000Z",
    created_seq: 3,
    depth: 5,
  };
  const { items: events } = await store.repo.listDomainEvents();
  expect(events.find(({ seq }) => seq === 3)).toMatchObject({
    type: "job.created",
    aggregate_id: "j",
    depth: 5,
  });
  expect(await store.repo.getJob("j")).toMatchObject(job);
  await store.commands.enqueue({ type: "job.updateStatus", id: "j", status: "running" });
  await store.stop();
  const again = await openStore({ database: store.path });
  expect(await again.repo.getJob("j")).toMatchObject({ ...job, status: "running" });
  expect(await again.verify()).toMatchObject({ status: "verified" });
});

it.each([
  ["an unknown field", { context: { user: "u" } }, "job.context.user"],
  ["an empty text", { context: { actor: "" } }, "job.context.actor"],
  [
    "a context over 4 KiB",
    {
      context: {
        job_id: "\u0001".repeat(255),
        tenant: "\u0001".repeat(255),
        workflow_id: "\u0001".repeat(255),
      },
    },
    "job.context",
  ],
  ["a deadline without a zone", { deadline_at: "2026-11-21T10:00:00" }, "job.deadline_at"],
])("refuses a job with %s", async (_, fields, path) => {
  const store = await openStore();
  const job = { workflow_id: "w", ...(fields as object) };
  const error = await rejection(store.commands.enqueue({ type: "job.create", job }));
  expect(error).toMatchObject({ code: "ATLAS_CORE_COMMAND_INVALID", details: { path } });
});
