import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, it } from "vitest";
import { isCoreError } from "../../src/index.ts";
import { restore } from "../support/driver.ts";
import { writeHistory } from "../support/history.ts";
import { openStore } from "../support/open-store.ts";
import { databasePath, temporaryFolder } from "../support/temporary-folder.ts";

const EVERYTHING = "9999-01-01T00:00:00.000Z";
const journal = { journal_before: EVERYTHING };

it("gives a path to one of several backups at once, and that one can be restored", async () => {
  const store = await openStore();
  await writeHistory(store);
  const folder = temporaryFolder();
  for (let round = 0; round < 5; round += 1) {
    const to = join(folder, `backup-${round}.db`);
    const made = await Promise.allSettled([store.backup(to), store.backup(to), store.backup(to)]);
    const manifests = made.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    expect(manifests).toHaveLength(1);
    for (const one of made) {
      if (one.status === "rejected") expect(isCoreError(one.reason, "ATLAS_CORE_FILE_EXISTS")).toBe(true);
    }
    expect(await restore({ from: to, to: databasePath() })).toEqual(manifests[0]);
  }
  expect(readdirSync(folder).filter((file) => !/^backup-\d\.db(\.json)?$/.test(file))).toEqual([]);
});

it("keeps the baseline of its epoch when the journal is pruned several times at once", async () => {
  const store = await openStore();
  await writeHistory(store);
  await Promise.all([store.prune(journal), store.prune(journal), store.prune({ events_before: EVERYTHING })]);
  await store.commands.enqueue({ type: "entity.upsert", entity: { id: "after", type: "note" } });
  expect(await store.verify()).toMatchObject({ status: "verified" });
});

it("lets what reads the past and what removes it wait for each other", async () => {
  const store = await openStore();
  await writeHistory(store);
  const to = join(temporaryFolder(), "backup.db");
  const [past, verified] = await Promise.all([
    store.asOf(1),
    store.verify(),
    store.prune(journal),
    store.backup(to),
    store.prune(journal),
  ]);
  expect(past.seq).toBe(1);
  expect(verified).toMatchObject({ status: "verified" });
  expect(await store.verify()).toMatchObject({ status: "verified" });
  expect((await restore({ from: to, to: databasePath() })).last_seq).toBeGreaterThan(0);
});

it("ends the calls that wait when it stops, and what it was asked before stays readable", async () => {
  const store = await openStore();
  await writeHistory(store);
  const folder = temporaryFolder();
  const calls = Array.from({ length: 4 }, (_, index) => store.backup(join(folder, `${index}.db`)));
  const ended = Promise.allSettled(calls);
  await store.stop();
  const rejected = (await ended).flatMap((call) => (call.status === "rejected" ? [call.reason] : []));
  expect(rejected.length).toBeGreaterThan(0);
  for (const reason of rejected) expect(isCoreError(reason, "ATLAS_CORE_STOPPED")).toBe(true);
  for (const file of readdirSync(folder)) expect(file).toMatch(/^\d\.db(\.json)?$/);
});

it("removes at its start what a killed run left of an unfinished baseline, and nothing else", async () => {
  const database = databasePath();
  await (await openStore({ database })).stop();
  const left = (suffix: string): string => {
    const path = `${database}.epoch-7.db.${randomBytes(6).toString("hex")}.partial${suffix}`;
    writeFileSync(path, "half a copy");
    return path;
  };
  const unfinished = ["", "-journal", "-wal"].map(left);
  const mine = join(dirname(database), `${basename(database)}.epoch-notes.db.partial`);
  writeFileSync(mine, "the host's own");
  await openStore({ database });
  expect(unfinished.filter(existsSync)).toEqual([]);
  expect(readFileSync(mine, "utf8")).toBe("the host's own");
});

it("replays into a file that only its owner can read", async () => {
  const store = await openStore();
  await writeHistory(store);
  const to = databasePath();
  await store.replay(to);
  expect(statSync(to).mode & 0o777).toBe(0o600);
});
