import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import type { EntityInput } from "../../src/index.ts";
import { lab } from "../support/lab.ts";
import { openStore } from "../support/open-store.ts";
import { countRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath } from "../support/temporary-folder.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;
const upsert = (entity: EntityInput) => ({ type: "entity.upsert", entity }) as const;

it.each([true, false])(
  "gives the first receipt to the same command with the same id (journal: %s)",
  async (journal) => {
    const store = await openStore({ journal });
    const first = await store.commands.enqueue(upsert({ type: "note", title: "a" }), { command_id: "c1" });
    await store.commands.enqueue(upsert({ type: "note", title: "b" }));
    // Keys in another order are the same content.
    const again = await store.commands.enqueue(upsert({ title: "a", type: "note" }), { command_id: "c1" });
    expect(again).toEqual(first);
    expect(countRows(store.path, "entities")).toBe(2);
    expect(countRows(store.path, "domain_events")).toBe(2);
  },
);

it("knows an id in the very batch in which it came first", async () => {
  const store = await openStore();
  const twice = [1, 2].map(() => store.commands.enqueue(upsert({ type: "note" }), { command_id: "c1" }));
  const other = store.commands.enqueue(upsert({ type: "other" }), { command_id: "c1" });
  expect(await Promise.all(twice)).toEqual([
    { seq: 1, changed: true },
    { seq: 1, changed: true },
  ]);
  expect((await rejection(other)).code).toBe("ATLAS_CORE_COMMAND_ID_REUSED");
});

it("refuses other content with a known id", async () => {
  const store = await openStore();
  await store.commands.enqueue(upsert({ id: "e1", type: "note" }), { command_id: "c1" });
  const error = await rejection(
    store.commands.enqueue(upsert({ id: "e2", type: "note" }), { command_id: "c1" }),
  );
  expect(error).toMatchObject({
    code: "ATLAS_CORE_COMMAND_ID_REUSED",
    details: { command_id: "c1" },
    retryable: false,
  });
  expect(await store.repo.getEntity("e2")).toBeUndefined();
});

it("remembers a command that changed nothing", async () => {
  const store = await openStore();
  await store.commands.enqueue(upsert({ id: "e1", type: "note" }));
  const nothing = await store.commands.enqueue(upsert({ id: "e1", type: "note" }), { command_id: "c1" });
  expect(nothing).toEqual({ seq: 0, changed: false });
  await store.commands.enqueue(upsert({ id: "e1", type: "changed" }));
  expect(await store.commands.enqueue(upsert({ id: "e1", type: "note" }), { command_id: "c1" })).toEqual(
    nothing,
  );
});

it("does not remember a refusal, so that the same command may succeed later", async () => {
  const store = await openStore();
  const update = { type: "artifact.update", id: "a1", patch: { title: "t" } } as const;
  expect((await rejection(store.commands.enqueue(update, { command_id: "c1" }))).code).toBe(
    "ATLAS_CORE_NOT_FOUND",
  );
  await store.commands.enqueue({ type: "artifact.create", artifact: { id: "a1", type: "digest" } });
  expect(await store.commands.enqueue(update, { command_id: "c1" })).toEqual({ seq: 2, changed: true });
});

it("gives a unit all its first receipts", async () => {
  const store = await openStore();
  const unit = ["a", "b", "c"].map((id) => upsert({ id, type: "note" }));
  const first = await store.commands.enqueueAll(unit, { command_id: "u1" });
  expect(first.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(await store.commands.enqueueAll(unit, { command_id: "u1" })).toEqual(first);
  const shorter = store.commands.enqueueAll(unit.slice(0, 2), { command_id: "u1" });
  expect((await rejection(shorter)).code).toBe("ATLAS_CORE_COMMAND_ID_REUSED");
});

it("knows an id after a restart", async () => {
  const database = databasePath();
  const first = await openStore({ database });
  const receipt = await first.commands.enqueue(upsert({ type: "note" }), { command_id: "c1" });
  await first.stop();
  const second = await openStore({ database });
  expect(await second.commands.enqueue(upsert({ type: "note" }), { command_id: "c1" })).toEqual(receipt);
  expect(countRows(database, "entities")).toBe(1);
});

it("remembers an id for 30 days and no longer", async () => {
  const clock = createFakeClock();
  const store = await openStore({ clock, modules: [lab] });
  const put = (id: string) => store.commands.enqueue({ type: "lab.put", id }, { command_id: "c1" });
  const first = await put("a");
  clock.advance(30 * DAY_MS);
  expect(await put("a")).toEqual(first);
  clock.advance(1);
  // Forgotten, and so taken for a new command.
  expect(await put("b")).toEqual({ seq: 2, changed: true });
  expect(await put("b")).toEqual({ seq: 2, changed: true });
  expect((await rejection(put("a"))).code).toBe("ATLAS_CORE_COMMAND_ID_REUSED");
});

it("deletes the ids that it has forgotten", async () => {
  const clock = createFakeClock();
  const store = await openStore({ clock });
  const send = (name: string) => store.commands.enqueue(upsert({ type: name }), { command_id: name });
  await Promise.all(Array.from({ length: 50 }, (_, index) => send(`old-${index}`)));
  clock.advance(30 * DAY_MS + 1);
  await send("new");
  expect(countRows(store.path, "command_ids")).toBe(1);
});
