import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import { expectUnchanged } from "../support/expect-unchanged.ts";
import { openStore } from "../support/open-store.ts";

const full = {
  id: "v1",
  type: "push",
  source: "git",
  external_id: "p1",
  entity_id: "e1",
  data: { ref: "main" },
  occurred_at: "2026-01-02T03:04:05.678Z",
};

it("keeps every field, and tells of it", async () => {
  const store = await openStore();
  await store.commands.enqueue({ type: "event.insert", event: full });
  expect(await store.repo.getEvent("v1")).toEqual(full);
  const { items } = await store.repo.listDomainEvents();
  expect(items).toEqual([
    expect.objectContaining({
      type: "event.inserted",
      aggregate_id: "v1",
      payload: { type: "push", entity_id: "e1" },
    }),
  ]);
});

it("gives an id and the time of the call to an event that has none", async () => {
  const store = await openStore({ clock: createFakeClock("2026-11-21T09:00:00.000Z") });
  await store.commands.enqueue({ type: "event.insert", event: { type: "push" } });
  expect((await store.repo.listEvents()).items).toEqual([
    { id: expect.stringMatching(/^[0-9a-f-]{36}$/), type: "push", occurred_at: "2026-11-21T09:00:00.000Z" },
  ]);
});

it.each([
  ["id", { ...full, source: "svn", external_id: "p2" }],
  ["origin", { ...full, id: "v2" }],
  ["id, whatever else it says", { id: "v1", type: "other" }],
])("changes nothing for an event whose %s is known", async (_, event) => {
  const store = await openStore();
  await store.commands.enqueue({ type: "event.insert", event: full });
  await expectUnchanged(store, () => store.commands.enqueue({ type: "event.insert", event }));
  expect(await store.repo.getEvent("v1")).toEqual(full);
});
