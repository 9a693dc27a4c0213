import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openRaw, testDriver } from "../../../../test/support/test-driver.ts";
import { copyDatabase } from "../../src/history/backup.ts";
import type { FileStore } from "../../src/index.ts";
import { openReadOnly, restore } from "../support/driver.ts";
import { expectUnchanged } from "../support/expect-unchanged.ts";
import { openStore } from "../support/open-store.ts";
import { readRows, readValue } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath, temporaryFolder } from "../support/temporary-folder.ts";

async function emit(store: FileStore, ...types: readonly string[]): Promise<void> {
  for (const type of types) await store.commands.enqueue({ type: "domainEvent.emit", event: { type } });
}

const idsOf = async ({ repo }: Pick<FileStore, "repo">): Promise<readonly string[]> =>
  (await repo.listDomainEvents()).items.map(({ id }) => id);

const earlierIds = (path: string) =>
  readRows(path, "select id, through_seq from store_earlier_ids order by through_seq");

const storeId = (path: string): string => readValue<string>(path, "select id from store");

async function backUp(store: FileStore): Promise<string> {
  const backup = join(temporaryFolder(), "backup.db");
  await store.backup(backup);
  return backup;
}

async function restored(from: string): Promise<FileStore> {
  const to = databasePath();
  await restore({ from, to });
  return openStore({ database: to });
}

/** Two events before a backup; then "lost" and "lost too" in the first life, "new" in the one after the restore. */
async function twoLives() {
  const first = await openStore();
  await emit(first, "a", "b");
  const backup = await backUp(first);
  await emit(first, "lost", "lost too");
  const second = await restored(backup);
  await emit(second, "new");
  return { first, second, backup };
}

it("gives no event after a restore an id that an event after the backup had", async () => {
  const { first, second, backup } = await twoLives();
  const before = await idsOf(first);
  const after = await idsOf(second);
  expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
  expect(after[2]).toMatch(/^evt_[0-9a-z]{8}_3$/);
  expect(before).not.toContain(after[2]);
  // Two restores of one backup are two lives as well.
  const third = await restored(backup);
  await emit(third, "other");
  expect(new Set([before[2], after[2], (await idsOf(third))[2]]).size).toBe(3);
});

it("finds every event by its own id, and none by the id of another life", async () => {
  const { first, second } = await twoLives();
  const [oldest, , lost] = await idsOf(first);
  const fresh = (await idsOf(second))[2] ?? "";
  expect(await second.repo.getDomainEvent(oldest ?? "")).toMatchObject({ id: oldest, seq: 1, type: "a" });
  expect(await second.repo.getDomainEvent(fresh)).toMatchObject({ id: fresh, seq: 3, type: "new" });
  expect(await second.repo.getDomainEvent(lost ?? "")).toBeUndefined();
  expect(await second.repo.getDomainEvent(`evt_${storeId(second.path)}_1`)).toBeUndefined();
});

it("gives a follower the ids that the list gives", async () => {
  const { second } = await twoLives();
  const followed: string[] = [];
  for await (const { id } of second.follow()) {
    followed.push(id);
    if (followed.length === 3) break;
  }
  expect(followed).toEqual(await idsOf(second));
  const committed: string[] = [];
  second.onCommitted(({ events }) => committed.push(...events.map(({ id }) => id)));
  await emit(second, "newer");
  expect(committed).toEqual((await idsOf(second)).slice(3));
});

it("marks events by the ids that they have, and leaves those of another life alone", async () => {
  const { first, second } = await twoLives();
  const [oldest, , lost] = await idsOf(first);
  const fresh = (await idsOf(second))[2] ?? "";
  const mark = (id: string | undefined) =>
    second.commands.enqueue({ type: "domainEvent.markDelivered", id: id ?? "" });
  await expectUnchanged(second, () => mark(lost));
  await expectUnchanged(second, () => mark(`evt_${storeId(second.path)}_2`));
  expect(await mark(oldest)).toMatchObject({ changed: true });
  expect(await mark(fresh)).toMatchObject({ changed: true });
  const { items } = await second.repo.listDomainEvents();
  expect(items.map(({ delivered_at }) => delivered_at !== undefined)).toEqual([true, false, true]);
});

it("refuses to mark events after a restore by the id of an event before it", async () => {
  const { second } = await twoLives();
  await emit(second, "newer");
  const [oldest = "", newest = "", fresh = ""] = await idsOf(second);
  const mark = (id: string, through_seq: number) =>
    second.commands.enqueue({ type: "domainEvent.markDelivered", id, through_seq });
  expect(await rejection(mark(oldest, 3))).toMatchObject({
    code: "ATLAS_CORE_NOT_FOUND",
    details: { id: oldest },
    message: expect.stringContaining("Mark the events after the restore by an id of theirs."),
  });
  expect((await rejection(mark(newest, 4))).code).toBe("ATLAS_CORE_NOT_FOUND");
  const delivered = async () =>
    (await second.repo.listDomainEvents()).items.map(({ delivered_at }) => delivered_at !== undefined);
  expect(await delivered()).toEqual([false, false, false, false]);
  expect(await mark(oldest, 2)).toMatchObject({ changed: true });
  expect(await delivered()).toEqual([true, true, false, false]);
  expect(await mark(fresh, 4)).toMatchObject({ changed: true });
  expect(await delivered()).toEqual([true, true, true, true]);
  expect(await second.verify()).toMatchObject({ status: "verified" });
});

it("keeps the ids of every life over restores of restores", async () => {
  const { first, second } = await twoLives();
  const third = await restored(await backUp(second));
  // Nothing happened in this life: it names no event.
  const fourth = await restored(await backUp(third));
  await emit(fourth, "newest");
  const ids = await idsOf(fourth);
  expect(ids.slice(0, 3)).toEqual(await idsOf(second));
  expect(earlierIds(fourth.path)).toEqual([
    { id: storeId(first.path), through_seq: 2 },
    { id: storeId(second.path), through_seq: 3 },
  ]);
  expect(ids[3]).toBe(`evt_${storeId(fourth.path)}_4`);
  for (const id of ids) {
    expect(await fourth.repo.getDomainEvent(id)).toMatchObject({ id });
    const marked = await fourth.commands.enqueue({ type: "domainEvent.markDelivered", id });
    expect(marked).toMatchObject({ changed: true });
  }
  expect(await fourth.verify()).toMatchObject({ status: "verified", first_seq: 1 });
});

it("counts pruned events too", async () => {
  const first = await openStore();
  await emit(first, "a", "b");
  const [oldest = ""] = await idsOf(first);
  await first.commands.enqueue({ type: "domainEvent.markDelivered", id: oldest, through_seq: 2 });
  await first.prune({ domain_events_before: "9999-01-01T00:00:00Z" });
  expect(await idsOf(first)).toEqual([]);
  const second = await restored(await backUp(first));
  await emit(second, "new");
  expect(await idsOf(second)).toEqual([`evt_${storeId(second.path)}_3`]);
  expect(earlierIds(second.path)).toEqual([{ id: storeId(first.path), through_seq: 2 }]);
});

it("restores a backup of an empty store as one without earlier ids", async () => {
  const first = await openStore();
  const second = await restored(await backUp(first));
  expect(earlierIds(second.path)).toEqual([]);
  expect(storeId(second.path)).not.toBe(storeId(first.path));
});

it("replays a journal that marks events by ids of several lives, and shows each state with its ids", async () => {
  const { first, second } = await twoLives();
  const ids = await idsOf(second);
  for (const id of ids) await second.commands.enqueue({ type: "domainEvent.markDelivered", id });
  await second.commands.enqueue({ type: "domainEvent.emit", event: { type: "last" } });
  expect(await second.verify()).toMatchObject({ status: "verified", first_seq: 1, commands: 7 });
  await using past = await second.asOf(3);
  expect(await idsOf(past)).toEqual(ids);
  // The copy that a later epoch begins with has them too.
  await second.prune({ journal_before: "9999-01-01T00:00:00Z" });
  await emit(second, "after the baseline");
  expect(await second.verify()).toMatchObject({ status: "verified" });
  await using present = await second.asOf((await second.backup(join(temporaryFolder(), "b.db"))).last_seq);
  expect(await idsOf(present)).toEqual(await idsOf(second));
  expect((await idsOf(present))[0]).toContain(storeId(first.path));
});

it("gives a replayed database new ids from where it ends", async () => {
  const { first, second } = await twoLives();
  const [whole, half, empty] = [databasePath(), databasePath(), databasePath()];
  await second.replay(whole);
  await second.replay(half, { seq: 1 });
  await second.replay(empty, { seq: 0 });
  expect(earlierIds(whole)).toEqual([
    { id: storeId(first.path), through_seq: 2 },
    { id: storeId(second.path), through_seq: 3 },
  ]);
  expect(earlierIds(half)).toEqual([{ id: storeId(first.path), through_seq: 1 }]);
  expect(earlierIds(empty)).toEqual([]);
  const known = [...(await idsOf(first)), ...(await idsOf(second))];
  for (const path of [whole, half, empty]) {
    const replayed = await openStore({ database: path });
    const before = await idsOf(replayed);
    await emit(replayed, "other");
    expect(known).toEqual(expect.arrayContaining([...before]));
    expect(known).not.toContain((await idsOf(replayed)).at(-1));
    expect(await replayed.verify()).toMatchObject({ status: "verified" });
  }
});

it("restores a database from before stores had earlier ids", async () => {
  const older = databasePath();
  const database = openRaw(older);
  database.exec(readFileSync(new URL("../golden/database-1.sql", import.meta.url), "utf8"));
  database.close();
  using as = await openReadOnly(older);
  const before = await idsOf(as);
  expect(before).toEqual([`evt_${storeId(older)}_11`, `evt_${storeId(older)}_12`]);
  expect(await as.repo.getDomainEvent(before[0] ?? "")).toMatchObject({ seq: 11 });

  // The copy that its migration makes is such a backup.
  const store = await openStore({ database: older });
  const second = await restored(`${older}.epoch-16.db`);
  await emit(store, "lost");
  await emit(second, "new");
  expect(await idsOf(second)).toEqual([...before, `evt_${storeId(second.path)}_13`]);
  expect(await idsOf(store)).not.toContain((await idsOf(second))[2]);
  expect(await second.verify()).toMatchObject({ status: "verified" });
});

it("goes on with the first epoch of a backup that was made before stores had earlier ids", async () => {
  const store = await openStore();
  await emit(store, "a", "b");
  const [oldest = ""] = await idsOf(store);
  await store.commands.enqueue({ type: "domainEvent.markDelivered", id: oldest });
  await store.stop();
  const database = openRaw(store.path);
  database.exec("drop table store_earlier_ids");
  database.exec("delete from schema_migrations where name = '003_earlier_ids'");
  database.close();
  const second = await restored(await backupOf(store.path));
  await emit(second, "new");
  expect(await idsOf(second)).toEqual(
    [1, 2, 3].map((seq) => `evt_${storeId(seq < 3 ? store.path : second.path)}_${seq}`),
  );
  expect(await second.verify()).toMatchObject({ status: "verified", first_seq: 1, commands: 4 });
});

it("refuses to restore a backup whose store a newer version has migrated", async () => {
  const store = await openStore();
  await emit(store, "a");
  await store.stop();
  const database = openRaw(store.path);
  database.exec("insert into schema_migrations values ('store', '999_later', 'x', 'now')");
  database.close();
  const newer = await backupOf(store.path);
  const error = await rejection(restore({ from: newer, to: databasePath() }));
  expect(error).toMatchObject({ code: "ATLAS_CORE_DATABASE_NEWER", details: { path: newer } });
});

/** A backup of a database as it lies there, which this version of Atlas would migrate or refuse. */
async function backupOf(path: string): Promise<string> {
  const to = join(temporaryFolder(), "backup.db");
  await copyDatabase({ from: path, to, driver: testDriver, now: "2026-11-21T09:00:00.000Z" });
  return to;
}
