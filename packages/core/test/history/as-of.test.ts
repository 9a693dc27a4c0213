import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { silentLogger } from "../../src/index.ts";
import { createStore } from "../support/driver.ts";
import { finops } from "../support/finops.ts";
import { writeHistory } from "../support/history.ts";
import { openStore } from "../support/open-store.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath } from "../support/temporary-folder.ts";

it("shows the database as it was after a command, with every query of the repo", async () => {
  const store = await openStore({ modules: [finops] });
  const { seq } = await store.commands.enqueue({
    type: "entity.upsert",
    entity: { id: "note", type: "note", title: "before" },
  });
  await store.commands.enqueue({
    type: "entity.upsert",
    entity: { id: "note", type: "note", title: "after" },
  });
  await store.commands.enqueue({ type: "finops.cost.record", cost: { job_id: "j", microusd: 5 } });

  const past = await store.asOf(seq);
  expect(await past.repo.getEntity("note")).toMatchObject({ title: "before" });
  expect(await past.repo.finops.spendByJob("j")).toBe(0);
  expect((await past.repo.listJournal()).items).toHaveLength(1);
  const [event] = (await past.repo.listDomainEvents()).items;
  expect(event?.id).toBe((await store.repo.listDomainEvents()).items[0]?.id);
  await past.close();

  const now = await store.asOf(3);
  expect(await now.repo.finops.spendByJob("j")).toBe(5);
  await now.close();
  await now.close();
});

it("shows the beginning as an empty database, and refuses what has not happened yet", async () => {
  const store = await openStore();
  await writeHistory(store);
  const beginning = await store.asOf(0);
  expect((await beginning.repo.listEntities({ include_deleted: true })).items).toEqual([]);
  await beginning.close();
  expect(await rejection(store.asOf(1_000))).toMatchObject({
    code: "ATLAS_CORE_EPOCH_UNREACHABLE",
    details: { seq: 1_000, reason: "future" },
  });
  await expect(store.asOf(-1)).rejects.toThrow(TypeError);
  await expect(store.asOf(1.5)).rejects.toThrow("seq must be the number of a command");
});

it("closes what is still open when the store stops", async () => {
  const store = await createStore({ log: silentLogger, database: databasePath() });
  await store.commands.enqueue({ type: "entity.upsert", entity: { id: "note", type: "note" } });
  const past = await store.asOf(1);
  await store.stop();
  expect((await rejection(past.repo.getEntity("note"))).code).toBe("ATLAS_CORE_STOPPED");
});

it("replays into a database of its own, which goes on like the first", async () => {
  const store = await openStore();
  await writeHistory(store);
  const path = databasePath();
  const { seq } = await store.replay(path);
  expect(existsSync(`${path}-wal`)).toBe(false);
  const again = await openStore({ database: path });
  expect(await again.verify()).toEqual(await store.verify());
  const entity = { id: "next", type: "note", updated_at: "2026-11-21T00:00:00.000Z" };
  const receipts = await Promise.all(
    [store, again].map(({ commands }) => commands.enqueue({ type: "entity.upsert", entity })),
  );
  expect(receipts).toEqual([
    { seq: seq + 1, changed: true },
    { seq: seq + 1, changed: true },
  ]);

  expect(await rejection(store.replay(path))).toMatchObject({ code: "ATLAS_CORE_FILE_EXISTS" });
  const half = databasePath();
  expect(await store.replay(half, { seq: 2 })).toEqual({ seq: 2 });
});
