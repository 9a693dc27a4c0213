import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import type { EntityInput } from "../../src/index.ts";
import { expectUnchanged } from "../support/expect-unchanged.ts";
import { openStore } from "../support/open-store.ts";
import { readRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";

async function setUp() {
  const clock = createFakeClock("2026-11-21T09:00:00.000Z");
  const store = await openStore({ clock });
  const upsert = (entity: EntityInput) => store.commands.enqueue({ type: "entity.upsert", entity });
  const events = async () =>
    (await store.repo.listDomainEvents()).items.map(({ type, aggregate_id, payload }) => [
      type,
      aggregate_id,
      payload,
    ]);
  return { clock, store, upsert, events };
}

const full: EntityInput = {
  id: "e1",
  type: "commit",
  source: "git",
  external_id: "abc",
  title: "Fix",
  url: "https://example.invalid/abc",
  data: { b: [1, null], a: { deep: true } },
  updated_at: "2026-01-02T03:04:05.678Z",
};

it("keeps every field, and tells of it", async () => {
  const { store, upsert, events } = await setUp();
  await upsert(full);
  expect(await store.repo.getEntity("e1")).toEqual(full);
  expect(await store.repo.getEntityByOrigin("git", "abc")).toEqual(full);
  expect(readRows(store.path, "select data from entities")).toEqual([
    { data: '{"a":{"deep":true},"b":[1,null]}' },
  ]);
  expect(await events()).toEqual([["entity.upserted", "e1", { type: "commit" }]]);
});

it("gives an entity without id that of its origin, and one without origin a new id", async () => {
  const { store, upsert } = await setUp();
  await upsert({ type: "note", source: "git", external_id: "abc" });
  await upsert({ type: "note", source: "git" });
  const ids = (await store.repo.listEntities()).items.map(({ id }) => id);
  expect(ids).toContain("git:abc");
  expect(
    ids.filter((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))
      .length,
  ).toBe(1);
});

it("normalises times, and dates an entity that has no updated_at with the time of the call", async () => {
  const { store, upsert } = await setUp();
  await upsert({ id: "a", type: "note", updated_at: "2026-01-02T04:04:05+01:00" });
  await upsert({ id: "b", type: "note" });
  expect((await store.repo.getEntity("a"))?.updated_at).toBe("2026-01-02T03:04:05.000Z");
  expect((await store.repo.getEntity("b"))?.updated_at).toBe("2026-11-21T09:00:00.000Z");
});

it("changes nothing when everything is as it was, also later and with keys in another order", async () => {
  const { clock, store, upsert } = await setUp();
  await upsert(full);
  await upsert({ id: "e2", type: "note" });
  clock.advance(60_000);
  await expectUnchanged(store, () => upsert({ ...full, data: { a: { deep: true }, b: [1, null] } }));
  await expectUnchanged(store, () => upsert({ id: "e2", type: "note" }));
});

it.each([
  ["title", { title: "Feature" }],
  ["url", { url: "https://example.invalid/def" }],
  ["data", { data: { b: [1, 0] } }],
  ["deleted_at", { deleted_at: "2026-02-01T00:00:00.000Z" }],
  ["updated_at that the caller gives", { updated_at: "2026-02-01T00:00:00.000Z" }],
  ["type", { type: "tag" }],
  ["source", { source: "svn" }],
  ["external_id", { external_id: "def" }],
  ["type and title", { type: "tag", title: "v1" }],
])("writes an entity whose %s is another", async (_, change) => {
  const { store, upsert, events } = await setUp();
  await upsert(full);
  expect(await upsert({ ...full, ...change })).toEqual({ seq: 2, changed: true });
  expect(await store.repo.getEntity("e1")).toEqual({ ...full, ...change });
  expect((await events()).length).toBe(2);
  await expectUnchanged(store, () => upsert({ ...full, ...change }));
});

it("replaces the entity as a whole: what is not given is gone", async () => {
  const { store, upsert } = await setUp();
  await upsert(full);
  await upsert({ id: "e1", type: "commit" });
  expect(await store.repo.getEntity("e1")).toEqual({
    id: "e1",
    type: "commit",
    updated_at: "2026-11-21T09:00:00.000Z",
  });
  expect(await store.repo.getEntityByOrigin("git", "abc")).toBeUndefined();
});

it("hides a tombstone from lists unless asked, tells that it was deleted, and brings it back", async () => {
  const { store, upsert, events } = await setUp();
  await upsert({ id: "e1", type: "note" });
  await upsert({ id: "e1", type: "note", deleted_at: "2026-02-01T00:00:00.000Z" });
  expect((await store.repo.listEntities()).items).toEqual([]);
  expect((await store.repo.listEntities({ type: "note" })).items).toEqual([]);
  expect((await store.repo.listEntities({ include_deleted: true })).items.map(({ id }) => id)).toEqual([
    "e1",
  ]);
  expect((await store.repo.getEntity("e1"))?.deleted_at).toBe("2026-02-01T00:00:00.000Z");
  await upsert({ id: "e1", type: "note", deleted_at: null });
  expect((await store.repo.listEntities()).items.length).toBe(1);
  expect((await events()).map(([type]) => type)).toEqual([
    "entity.upserted",
    "entity.deleted",
    "entity.upserted",
  ]);
});

it("refuses an origin that another entity has", async () => {
  const { store, upsert } = await setUp();
  await upsert(full);
  expect((await rejection(upsert({ ...full, id: "e2" }))).code).toBe("ATLAS_CORE_CONSTRAINT");
  await upsert({ id: "e3", type: "note" });
  expect((await rejection(upsert({ ...full, id: "e3" }))).code).toBe("ATLAS_CORE_CONSTRAINT");
  expect((await store.repo.getEntity("e3"))?.source).toBeUndefined();
});

it("gives no two origins the same id, whatever signs they hold", async () => {
  const store = await openStore();
  const origins = [
    ["github", "acme:12"],
    ["github:acme", "12"],
    ["github%3Aacme", "12"],
    ["github%", "12"],
    ["github%25", "12"],
  ] as const;
  for (const [source, external_id] of origins)
    await store.commands.enqueue({ type: "entity.upsert", entity: { type: "issue", source, external_id } });
  const { items } = await store.repo.listEntities();
  expect(items).toHaveLength(origins.length);
  expect(items.map(({ id }) => id).sort()).toEqual([
    "github%2525:12",
    "github%253Aacme:12",
    "github%25:12",
    "github%3Aacme:12",
    "github:acme:12",
  ]);
});
