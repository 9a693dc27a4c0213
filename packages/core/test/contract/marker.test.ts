import { expect, it } from "vitest";
import { marked } from "../support/marked.ts";
import { openStore } from "../support/open-store.ts";
import { readRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";

it("binds the number of the command's first event and the unit's depth", async () => {
  const store = await openStore({ modules: [marked] });
  const cause = { kind: "event", id: "e", depth: 3 } as const;
  await Promise.all([
    store.commands.enqueue({ type: "marked.put", id: "a", events: 2 }, { cause }),
    // Refused after its first command was applied: its numbers are given again.
    store.commands
      .enqueueAll([
        { type: "marked.put", id: "refused", events: 4 },
        { type: "job.updateStatus", id: "none", status: "running" },
      ])
      .catch(() => undefined),
    store.commands.enqueueAll([
      { type: "marked.put", id: "b", events: 1 },
      { type: "entity.upsert", entity: { type: "note" } },
      { type: "marked.put", id: "c", events: 3 },
    ]),
    store.commands.enqueue({ type: "marked.put", id: "d", events: 1 }),
  ]);
  expect(readRows(store.path, "select * from marked_row order by id")).toEqual([
    { id: "a", seq: 1, depth: 3 },
    { id: "b", seq: 3, depth: 0 },
    { id: "c", seq: 5, depth: 0 },
    { id: "d", seq: 8, depth: 0 },
  ]);
  const { items } = await store.repo.listDomainEvents();
  expect(items.filter(({ payload }) => payload["index"] === 0).map(({ seq }) => seq)).toEqual([1, 3, 5, 8]);
  expect(await store.verify()).toMatchObject({ status: "verified" });
});

it("binds a marker in a guard too", async () => {
  const store = await openStore({ modules: [marked] });
  const put = (id: string) => store.commands.enqueue({ type: "marked.putAfterOther", id });
  expect(await rejection(put("a"))).toMatchObject({ code: "MARKED_FIRST" });
  await store.commands.enqueue({ type: "marked.put", id: "first", events: 1 });
  await put("a");
  expect(readRows(store.path, "select id, seq from marked_row order by seq")).toEqual([
    { id: "first", seq: 1 },
    { id: "a", seq: 2 },
  ]);
});

it("refuses a command that asks for the number of an event and emits none", async () => {
  const store = await openStore({ modules: [marked] });
  const error = await rejection(store.commands.enqueue({ type: "marked.put", id: "a", events: 0 }));
  expect(error).toMatchObject({ code: "ATLAS_CORE_HANDLER_FAILED", details: { type: "marked.put" } });
  expect(error.message).toContain("emits no event");
  expect(readRows(store.path, "select * from marked_row")).toEqual([]);
});

it.each(["payload", "sum", "text"] as const)(
  "refuses a handler that uses a marker as a number (%s)",
  async (how) => {
    const store = await openStore({ modules: [marked] });
    const error = await rejection(store.commands.enqueue({ type: "marked.tell", how }));
    expect(error).toMatchObject({ code: "ATLAS_CORE_HANDLER_FAILED" });
    expect(String(error.cause)).toContain("can only be given as a value of a statement");
  },
);
