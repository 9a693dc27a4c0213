import { existsSync, statSync } from "node:fs";
import { createFakeClock } from "@atlas/testing/clock";
import { expect, it } from "vitest";
import { isCoreError } from "../../src/index.ts";
import { openStore } from "../support/open-store.ts";
import { rejection } from "../support/rejection.ts";

const note = (id: string) => ({ type: "entity.upsert", entity: { id, type: "note" } }) as const;
const notes = (count: number) => Array.from({ length: count }, (_, index) => note(`${index}`));

it("shows readers what is committed while a stream is open", async () => {
  const store = await openStore();
  await store.commands.enqueueAll(notes(100));
  const stream = store.repo.select.selectFrom("entities").select("id").stream();
  expect((await stream.next()).value).toMatchObject({ id: expect.any(String) });
  await store.commands.enqueue(note("new"));
  expect(await store.repo.getEntity("new")).toMatchObject({ id: "new" });
  expect(
    await store.repo.select.selectFrom("entities").select("id").where("id", "=", "new").execute(),
  ).toEqual([{ id: "new" }]);
  expect(store.stats().openReads.count).toBe(1);
  await stream.return?.();
  expect(store.stats().openReads).toEqual({ count: 0, oldestMs: 0 });
});

it("shows readers what is committed while a transaction is open, which itself sees one moment", async () => {
  const store = await openStore();
  await store.commands.enqueue(note("old"));
  const transaction = await store.repo.select.startTransaction().execute();
  const count = async () => (await transaction.selectFrom("entities").select("id").execute()).length;
  expect(await count()).toBe(1);
  await store.commands.enqueue(note("new"));
  expect(await store.repo.getEntity("new")).toMatchObject({ id: "new" });
  expect((await store.repo.select.selectFrom("entities").select("id").execute()).length).toBe(2);
  expect(await count()).toBe(1);
  await transaction.commit().execute();
  expect(store.stats().openReads.count).toBe(0);
});

it("closes a stream and a transaction that are open for too long, and says so to those who go on reading", async () => {
  const clock = createFakeClock();
  const store = await openStore({ clock, readTimeoutMs: 5_000 });
  await store.commands.enqueueAll(notes(10));
  const stream = store.repo.select.selectFrom("entities").select("id").stream();
  await stream.next();
  const transaction = await store.repo.select.startTransaction().execute();
  await transaction.selectFrom("entities").select("id").execute();
  clock.advance(4_999);
  expect(store.stats().openReads).toEqual({ count: 2, oldestMs: 4_999 });
  clock.advance(1);
  expect(store.stats().openReads.count).toBe(0);
  for (const read of [stream.next(), transaction.selectFrom("entities").select("id").execute()]) {
    const error = await rejection(read);
    expect(error).toMatchObject({ code: "ATLAS_CORE_READ_TIMEOUT", details: { timeoutMs: 5_000 } });
  }
  expect((await rejection(transaction.commit().execute())).code).toBe("ATLAS_CORE_READ_TIMEOUT");
  expect((await store.repo.listEntities({ limit: 5 })).items).toHaveLength(5);
});

it("stops with a stream and a transaction open, ends both, and frees the file", async () => {
  const store = await openStore();
  await store.commands.enqueueAll(notes(10));
  const stream = store.repo.select.selectFrom("entities").select("id").stream();
  await stream.next();
  const transaction = await store.repo.select.startTransaction().execute();
  await transaction.selectFrom("entities").select("id").execute();
  await store.stop();
  for (const read of [stream.next(), transaction.selectFrom("entities").select("id").execute()]) {
    expect(isCoreError(await rejection(read), "ATLAS_CORE_STOPPED")).toBe(true);
  }
  const late = rejection(store.repo.select.selectFrom("entities").select("id").execute());
  expect((await late).code).toBe("ATLAS_CORE_STOPPED");
  expect(existsSync(`${store.path}.owner`)).toBe(false);
  const again = await openStore({ database: store.path });
  expect((await again.repo.listEntities()).items).toHaveLength(10);
});

it("empties its log once a forgotten stream was closed", async () => {
  const clock = createFakeClock();
  const store = await openStore({ clock, readTimeoutMs: 5_000 });
  await store.commands.enqueueAll(notes(10));
  const stream = store.repo.select.selectFrom("entities").select("id").stream();
  await stream.next();
  const fill = async (round: number): Promise<void> => {
    const filled = Array.from({ length: 200 }, (_, index) => ({
      type: "entity.upsert" as const,
      entity: { id: `${round}-${index}`, type: "note", data: { text: "x".repeat(8_000) } },
    }));
    await store.commands.enqueueAll(filled);
  };
  for (let round = 0; round < 5; round += 1) await fill(round);
  const grown = statSync(`${store.path}-wal`).size;
  clock.advance(5_000);
  for (let round = 5; round < 10; round += 1) await fill(round);
  // It is used from its beginning again, where it would have doubled.
  expect(statSync(`${store.path}-wal`).size).toBeLessThan(grown * 1.5);
});
