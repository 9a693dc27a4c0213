import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, it } from "vitest";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { nextEpoch } from "../../src/history/epoch.ts";
import {
  defineModule,
  type EpochRow,
  type Migration,
  type StoreModule,
  silentLogger,
} from "../../src/index.ts";
import { createStore, restore } from "../support/driver.ts";
import { finops } from "../support/finops.ts";
import { writeHistory } from "../support/history.ts";
import { lab } from "../support/lab.ts";
import { openStore } from "../support/open-store.ts";
import { readRows, readValue } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath } from "../support/temporary-folder.ts";

const epochs = (path: string) => readRows<EpochRow>(path, "select * from epochs order by first_seq");
const note = (id: string) => ({ type: "entity.upsert", entity: { id, type: "note" } }) as const;

async function write(
  database: string,
  options: { modules?: readonly StoreModule[]; journal?: boolean } = {},
) {
  const store = await createStore({ log: silentLogger, database, ...options });
  await store.commands.enqueue(note(`with ${JSON.stringify(Object.keys(options))} ${store.newId()}`));
  await store.stop();
}

/** A database whose second epoch began with a new module, and so with a baseline. */
async function twoEpochs() {
  const database = databasePath();
  const store = await createStore({ log: silentLogger, database });
  await writeHistory(store);
  await store.stop();
  await write(database, { modules: [finops] });
  const [first, second] = epochs(database);
  if (first === undefined || second?.baseline == null) throw new Error("There are no two epochs.");
  return { database, first, second, baseline: join(dirname(database), second.baseline) };
}

it("begins with the first command, and goes on over restarts", async () => {
  const database = databasePath();
  await write(database);
  await write(database);
  expect(epochs(database)).toMatchObject([{ first_seq: 1, reason: "created", baseline: null, digest: null }]);
});

it("begins anew, from a verified copy made before, when a migration is to be applied", async () => {
  const { database, first, second, baseline } = await twoEpochs();
  expect(second).toMatchObject({ reason: "migrated", baseline: `atlas.db.epoch-${second.first_seq}.db` });
  expect(second.fingerprint).not.toBe(first.fingerprint);
  expect(statSync(baseline).mode & 0o777).toBe(0o600);
  const copy = openRaw(baseline, { readonly: true });
  expect(copy.prepare("select name from sqlite_master where name = 'finops_cost'").get()).toBeUndefined();
  copy.close();
  expect(readdirSync(dirname(database)).filter((file) => file.includes("epoch"))).toEqual([
    basename(baseline),
    `${basename(baseline)}.json`,
  ]);
  const store = await openStore({ database, modules: [finops] });
  expect(await store.verify()).toMatchObject({ status: "verified", first_seq: second.first_seq });
  const past = await store.asOf(second.first_seq - 1);
  expect((await past.repo.getEntity("note"))?.title).toBe("two");
  expect((await past.repo.listJournal()).items).toHaveLength(second.first_seq - 1);
  await past.close();
});

it("says of an earlier epoch that other modules wrote it", async () => {
  const { database, second } = await twoEpochs();
  const store = await openStore({ database, modules: [finops] });
  expect(await rejection(store.asOf(second.first_seq - 2))).toMatchObject({
    code: "ATLAS_CORE_EPOCH_UNREACHABLE",
    details: { reason: "modules changed" },
  });
});

it("begins anew when a module's version is bumped, or a module is gone", async () => {
  const { database } = await twoEpochs();
  await write(database, { modules: [{ ...finops, version: 2 }] });
  await write(database, { modules: [] });
  expect(epochs(database).map(({ reason }) => reason)).toEqual([
    "created",
    "migrated",
    "modules changed",
    "modules changed",
  ]);
  const store = await openStore({ database });
  expect(await store.verify()).toMatchObject({ status: "verified", commands: 1 });
});

it("does not mind in which order modules are installed", async () => {
  const database = databasePath();
  await write(database, { modules: [finops, lab] });
  await write(database, { modules: [lab, finops] });
  expect(epochs(database)).toHaveLength(1);
});

it("begins anew when a journal is kept again after commands that left no trace in it", async () => {
  const database = databasePath();
  await write(database);
  await write(database, { journal: false });
  const without = await createStore({ log: silentLogger, database, journal: false });
  expect(await rejection(without.verify())).toMatchObject({ details: { reason: "journal incomplete" } });
  await without.stop();
  await write(database);
  expect(epochs(database).map(({ reason }) => reason)).toEqual(["created", "journal resumed"]);
  const store = await openStore({ database });
  expect(await store.verify()).toMatchObject({ status: "verified", first_seq: 3, commands: 1 });
});

it("keeps a copy before a migration also where no journal is kept", async () => {
  const database = databasePath();
  await write(database, { journal: false });
  await write(database, { journal: false, modules: [finops] });
  expect(existsSync(`${database}.epoch-2.db`)).toBe(true);
  await write(database, { journal: false, modules: [finops] });
  expect(existsSync(`${database}.epoch-2.db`)).toBe(true);
});

it("does not begin anew before there is anything to replay", async () => {
  const database = databasePath();
  await (await createStore({ log: silentLogger, database })).stop();
  await (await createStore({ log: silentLogger, database, modules: [finops] })).stop();
  expect(epochs(database)).toMatchObject([{ first_seq: 1, baseline: null }]);
  const store = await openStore({ database, modules: [finops] });
  await store.commands.enqueue({ type: "finops.cost.record", cost: { job_id: "j", microusd: 1 } });
  expect(await store.verify()).toMatchObject({ status: "verified", commands: 1 });
});

it("says that a baseline is missing or was altered, and changes nothing", async () => {
  const { database, second, baseline } = await twoEpochs();
  const store = await openStore({ database, modules: [finops] });
  const altered = openRaw(baseline);
  altered.exec("update entities set title = 'altered'");
  altered.close();
  expect(await rejection(store.verify())).toMatchObject({
    code: "ATLAS_CORE_EPOCH_UNREACHABLE",
    details: { reason: "baseline altered" },
    message: expect.stringContaining(baseline),
  });
  rmSync(baseline);
  expect(await rejection(store.asOf(second.first_seq))).toMatchObject({
    details: { reason: "baseline missing" },
  });
});

it("removes a copy that a start left which did not come to its end", async () => {
  const database = databasePath();
  await write(database);
  const left = openRaw(`${database}.epoch-7.db`);
  left.exec("create table left_behind (id)");
  left.close();
  const other = openRaw(`${database}.epoch-keep.db`);
  other.close();
  await write(database);
  expect(existsSync(`${database}.epoch-7.db`)).toBe(false);
});

it("leaves file and schema as they were when the copy before a migration cannot be made", async () => {
  const database = databasePath();
  await write(database);
  const blocked = `${database}.epoch-2.db`;
  mkdirSync(join(blocked, "in the way"), { recursive: true });
  const error = await rejection(createStore({ log: silentLogger, database, modules: [finops] }));
  expect(error).toMatchObject({ code: "ATLAS_CORE_COPY_FAILED", retryable: true });
  expect(readRows(database, "select name from sqlite_master where name = 'finops_cost'")).toEqual([]);
  rmSync(blocked, { recursive: true });
  await write(database, { modules: [finops] });
});

it("decides by what was written, by what is installed, and by whether a journal is kept", () => {
  const epoch = (first_seq: number) => ({ first_seq, fingerprint: "a" }) as EpochRow;
  const at = { nextSeq: 10, journaledThrough: 9, epoch: epoch(1) };
  const now = { fingerprint: "a", journal: true, migrates: false };
  expect(nextEpoch(at, now)).toBeUndefined();
  expect(nextEpoch(at, { ...now, fingerprint: "b" })).toBe("modules changed");
  expect(nextEpoch(at, { ...now, fingerprint: "b", migrates: true })).toBe("migrated");
  expect(nextEpoch(at, { ...now, fingerprint: "b", journal: false })).toBeUndefined();
  expect(nextEpoch(at, { ...now, journal: false, migrates: true })).toBe("migrated");
  expect(nextEpoch({ ...at, journaledThrough: 8 }, now)).toBe("journal resumed");
  expect(nextEpoch({ ...at, journaledThrough: 8, epoch: epoch(10) }, now)).toBeUndefined();
  expect(nextEpoch({ ...at, epoch: undefined }, now)).toBe("journal resumed");
  expect(nextEpoch({ nextSeq: 1, journaledThrough: 0, epoch: undefined }, now)).toBe("created");
  expect(nextEpoch({ nextSeq: 1, journaledThrough: 0, epoch: epoch(1) }, now)).toBeUndefined();
});

it("keeps the copy that was made before a migration when a later start fails, however often", async () => {
  const database = databasePath();
  const staged = (migrations: StoreModule["migrations"]) =>
    defineModule({ name: "stage", version: 1, migrations, commands: {} });
  const first: Migration = ({ schema }) => [schema.createTable("stage_a").addColumn("id", "text")];
  const second: Migration = ({ schema }) => [schema.createTable("stage_b").addColumn("id", "text")];
  const bad: Migration = ({ schema }) => [schema.createTable("stage_a").addColumn("id", "text")];
  const store = await openStore({ database, modules: [staged({ "001_a": first })] });
  await writeHistory(store);
  await store.stop();
  const migrated = staged({ "001_a": first, "002_b": second });
  await (await openStore({ database, modules: [migrated] })).stop();
  const baseline = readValue<string>(database, "select baseline from epochs order by first_seq desc limit 1");
  const copy = join(dirname(database), baseline);
  const before = readFileSync(copy);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const broken = staged({ "001_a": first, "002_b": second, "003_bad": bad });
    const error = await rejection(openStore({ database, modules: [broken] }));
    expect(error.code).toBe("ATLAS_CORE_MIGRATION_FAILED");
  }
  expect(readFileSync(copy).equals(before)).toBe(true);
  const again = await openStore({ database, modules: [migrated] });
  expect(await again.verify()).toMatchObject({ status: "verified" });
  const to = databasePath();
  await restore({ from: copy, to });
  expect(readRows(to, "select name from sqlite_master where name = 'stage_b'")).toEqual([]);
  // What the failed starts left is gone.
  const copies = readdirSync(dirname(database)).filter((file) => /\.epoch-.*\.db$/.test(file));
  expect(copies).toEqual([baseline]);
});
