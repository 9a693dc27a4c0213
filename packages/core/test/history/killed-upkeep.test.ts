import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { expect, it } from "vitest";
import { type FileStore, silentLogger } from "../../src/index.ts";
import type { UpkeepHostOptions } from "../fixtures/upkeep-host.ts";
import { createStore, restore } from "../support/driver.ts";
import { finops } from "../support/finops.ts";
import { startHost } from "../support/host-process.ts";
import { openStore } from "../support/open-store.ts";
import { countRows, readRows, readValue } from "../support/read-file.ts";
import { databasePath, temporaryFolder } from "../support/temporary-folder.ts";

const EVENTS = 600;

/** A closed store with events that nobody awaits, so that they can be pruned in three parts. */
async function filled(): Promise<{ readonly database: string; readonly backup: string }> {
  const database = databasePath();
  const store = await createStore({ log: silentLogger, database });
  const data = { text: "Read the level every ten minutes.".repeat(20) };
  await store.commands.enqueueAll(
    Array.from({ length: EVENTS }, (_, index) => ({
      type: "event.insert",
      event: { id: `e${index}`, type: "push", data, occurred_at: "2026-01-01T00:00:00.000Z" },
    })),
  );
  const id = `evt_${readValue<string>(database, "select id from store")}_1`;
  await store.commands.enqueue({ type: "domainEvent.markDelivered", id, through_seq: EVENTS });
  const backup = join(temporaryFolder(), "before.db");
  await store.backup(backup);
  await store.stop();
  return { database, backup };
}

/** Kills a host in the middle of its upkeep. Its temporary files are in `temporary`. */
async function killedDuring(kind: UpkeepHostOptions["kind"]) {
  const { database, backup } = await filled();
  const [to, temporary] = [join(temporaryFolder(), "to.db"), temporaryFolder()];
  const options: UpkeepHostOptions = { database, kind, to, from: backup };
  const { signal } = await startHost("upkeep-host.ts", options, { env: { TMPDIR: temporary } }).ended;
  expect(signal).toBe("SIGKILL");
  return { database, backup, to, temporary };
}

const besides = (path: string): readonly string[] =>
  readdirSync(dirname(path)).filter((file) => !file.startsWith(`${basename(path)}.lock`));

async function expectWhole(store: FileStore, commands = EVENTS + 1): Promise<void> {
  expect(await store.verify()).toMatchObject({ status: "verified", commands });
}

it.each(["backup", "replay"] as const)(
  "sweeps at the next start what a kill during a %s left, and the path is free",
  async (kind) => {
    const { database, to } = await killedDuring(kind);
    const left = besides(to);
    expect(left).not.toEqual([]);
    for (const file of left) expect(file).toMatch(/^to\.db\.[0-9a-f]{12}\.partial(-\w+)?$/);
    const store = await openStore({ database });
    expect(besides(to)).toEqual([]);
    expect(existsSync(`${database}.unfinished`)).toBe(false);
    await expectWhole(store);
    if (kind === "backup") {
      await store.backup(to);
      await restore({ from: to, to: databasePath() });
    } else {
      await store.replay(to);
      await expectWhole(await openStore({ database: to }));
    }
    expect(existsSync(`${database}.unfinished`)).toBe(false);
  },
);

it.each(["verify", "asOf"] as const)(
  "sweeps at the next start the temporary folder that a kill during %s left, and no other",
  async (kind) => {
    const { database, temporary } = await killedDuring(kind);
    expect(readdirSync(temporary)).toEqual([expect.stringMatching(/^atlas-.{6}$/)]);
    mkdirSync(join(temporary, "atlas-abcdef"));
    const store = await openStore({ database });
    expect(readdirSync(temporary)).toEqual(["atlas-abcdef"]);
    await expectWhole(store);
  },
);

it("leaves no database after a kill during a restore, and sweeps its file when one is made there", async () => {
  const { backup, to } = await killedDuring("restore");
  expect(besides(to)).toEqual([expect.stringMatching(/^to\.db\.[0-9a-f]{12}\.partial$/)]);
  await restore({ from: backup, to });
  await expectWhole(await openStore({ database: to }));
  expect(besides(to).filter((file) => file.includes("partial"))).toEqual([]);
});

it("prunes on after a kill during a prune, of which each part is whole", async () => {
  const { database } = await killedDuring("prune");
  expect(countRows(database, "events")).toBe(EVENTS - 500);
  const store = await openStore({ database });
  await expectWhole(store, EVENTS + 3);
  const { before, after } = await store.prune({ events_before: "2100-01-01T00:00:00.000Z" });
  expect([before.rows.events, after.rows.events]).toEqual([EVENTS - 500, 0]);
  await expectWhole(store, EVENTS + 4);
});

it("keeps the journal after a kill during the copy that a prune of the journal begins with, and prunes it then", async () => {
  const { database } = await killedDuring("journal prune");
  const store = await openStore({ database });
  expect(besides(database).filter((file) => file.includes(".epoch-"))).toEqual([]);
  await expectWhole(store);
  await store.prune({ journal_before: "2100-01-01T00:00:00.000Z" });
  expect(await store.verify()).toMatchObject({ status: "verified", first_seq: EVENTS + 2 });
});

it("has the old schema after a kill during the copy before a migration, and the new one after the next start", async () => {
  const { database } = await killedDuring("migration");
  expect(readRows(database, "select 1 from sqlite_master where name like 'finops%'")).toEqual([]);
  const store = await openStore({ database, modules: [finops] });
  expect(besides(database).filter((file) => file.includes("partial"))).toEqual([]);
  await expectWhole(store as unknown as FileStore, 0);
});

it("removes nothing at its start that Atlas did not name, whatever the list of unfinished work says", async () => {
  const { database } = await filled();
  const other = temporaryFolder();
  writeFileSync(join(other, "kept.db"), "not ours");
  const list = [other, join(other, "kept.db"), "atlas-abcdef", join(other, "kept.db.partial")];
  writeFileSync(`${database}.unfinished`, JSON.stringify(list));
  await (await createStore({ log: silentLogger, database })).stop();
  expect(readdirSync(other)).toEqual(["kept.db"]);
  expect(existsSync(`${database}.unfinished`)).toBe(false);
  writeFileSync(`${database}.unfinished`, '["');
  await (await createStore({ log: silentLogger, database })).stop();
  expect(existsSync(`${database}.unfinished`)).toBe(false);
});

it("makes a backup also where the list cannot be written", async () => {
  const { database } = await filled();
  const store = await openStore({ database });
  mkdirSync(join(`${database}.unfinished`, "in the way"), { recursive: true });
  const to = join(temporaryFolder(), "backup.db");
  await store.backup(to);
  rmSync(`${database}.unfinished`, { recursive: true });
  await restore({ from: to, to: databasePath() });
});
