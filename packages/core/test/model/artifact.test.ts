import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import type { PartialArtifact } from "../../src/index.ts";
import { expectUnchanged } from "../support/expect-unchanged.ts";
import { openStore } from "../support/open-store.ts";
import { rejection } from "../support/rejection.ts";

const full = {
  id: "a1",
  type: "digest",
  job_id: "j1",
  title: "Week 47",
  content_md: "# Week 47",
  data: { commits: 3 },
  created_at: "2026-01-02T03:04:05.678Z",
};

async function withArtifact() {
  const clock = createFakeClock("2026-11-21T09:00:00.000Z");
  const store = await openStore({ clock });
  const create = (artifact: object) =>
    store.commands.enqueue({ type: "artifact.create", artifact: artifact as typeof full });
  const update = (patch: PartialArtifact, id = "a1") =>
    store.commands.enqueue({ type: "artifact.update", id, patch });
  await create(full);
  return { clock, store, create, update };
}

it("keeps every field, and tells of it", async () => {
  const { store } = await withArtifact();
  expect(await store.repo.getArtifact("a1")).toEqual({ ...full, updated_at: full.created_at });
  expect((await store.repo.listDomainEvents()).items).toEqual([
    expect.objectContaining({
      type: "artifact.created",
      aggregate_id: "a1",
      payload: { type: "digest", job_id: "j1" },
    }),
  ]);
});

it("replaces an artifact of a known id, and keeps when it was first created", async () => {
  const { store, create } = await withArtifact();
  await create({ id: "a1", type: "digest", title: "Week 48" });
  expect(await store.repo.getArtifact("a1")).toEqual({
    id: "a1",
    type: "digest",
    title: "Week 48",
    created_at: full.created_at,
    updated_at: "2026-11-21T09:00:00.000Z",
  });
  expect((await store.repo.findArtifacts()).items.length).toBe(1);
});

it("changes nothing when the same artifact is created again, also later", async () => {
  const { clock, store, create } = await withArtifact();
  clock.advance(1_000);
  const { created_at: _, ...undated } = full;
  await expectUnchanged(store, () => create(full));
  await expectUnchanged(store, () => create(undated));
});

it.each([
  ["title", { title: "New" }],
  ["content_md", { content_md: "" }],
  ["data", { data: {} }],
] as const)("changes the %s and leaves the rest", async (_, patch) => {
  const { store, update } = await withArtifact();
  await update(patch);
  expect(await store.repo.getArtifact("a1")).toEqual({
    ...full,
    ...patch,
    updated_at: "2026-11-21T09:00:00.000Z",
  });
  expect((await store.repo.listDomainEvents()).items[1]).toMatchObject({
    type: "artifact.updated",
    aggregate_id: "a1",
  });
  await expectUnchanged(store, () => update(patch));
});

it("changes nothing with a patch that says what is so already, or only a time", async () => {
  const { store, update } = await withArtifact();
  await expectUnchanged(store, () => update({}));
  await expectUnchanged(store, () => update({ title: full.title, data: { commits: 3 } }));
  await expectUnchanged(store, () => update({ updated_at: "2026-05-05T00:00:00.000Z" }));
});

it("takes the caller's updated_at with a change", async () => {
  const { store, update } = await withArtifact();
  await update({ title: "New", updated_at: "2026-05-05T00:00:00Z" });
  expect((await store.repo.getArtifact("a1"))?.updated_at).toBe("2026-05-05T00:00:00.000Z");
});

it("refuses to change an artifact that is not there", async () => {
  const { update } = await withArtifact();
  expect(await rejection(update({ title: "New" }, "a2"))).toMatchObject({
    code: "ATLAS_CORE_NOT_FOUND",
    details: { id: "a2" },
  });
});

it("is removed once, and only for the job that it belongs to", async () => {
  const { store } = await withArtifact();
  const remove = (job_id?: string) =>
    store.commands.enqueue({
      type: "artifact.delete",
      id: "a1",
      ...(job_id === undefined ? {} : { job_id }),
    });
  await expectUnchanged(store, () => remove("another"));
  expect(await remove()).toMatchObject({ changed: true });
  expect(await store.repo.getArtifact("a1")).toBeUndefined();
  expect((await store.repo.listDomainEvents()).items.at(-1)).toMatchObject({
    type: "artifact.deleted",
    aggregate_id: "a1",
  });
  await expectUnchanged(store, () => remove());
});
