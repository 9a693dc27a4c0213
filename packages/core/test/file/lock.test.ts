import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { openTested } from "../../../../test/support/test-driver.ts";
import { takeFileLock } from "../../src/file/lock.ts";
import { silentLogger } from "../../src/index.ts";
import { createStore, restore } from "../support/driver.ts";
import { startHost } from "../support/host-process.ts";
import { openStore } from "../support/open-store.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath, temporaryFolder } from "../support/temporary-folder.ts";

const IN_USE = "ATLAS_CORE_DATABASE_IN_USE";

it("refuses a second store on the same file in the same process, and names the process", async () => {
  const store = await openStore();
  const error = await rejection(createStore({ log: silentLogger, database: store.path }));
  expect(error).toMatchObject({
    code: IN_USE,
    retryable: true,
    details: { path: store.path, pid: process.pid },
  });
  expect(error.message).toContain(`process ${process.pid}`);
  // The first one is none the worse for it, and neither is its lock.
  expect(await store.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } })).toMatchObject({
    seq: 1,
  });
  expect((await rejection(createStore({ log: silentLogger, database: store.path }))).code).toBe(IN_USE);
});

it("frees the file when the store stops", async () => {
  const store = await openStore();
  await store.stop();
  expect(existsSync(`${store.path}.owner`)).toBe(false);
  await openStore({ database: store.path });
});

it("refuses a file that another process has open, and takes it as soon as that one was killed", async () => {
  const database = databasePath();
  const host = startHost("acknowledging-host.ts", { database, prefix: "x" });
  await host.printed(3);
  const error = await rejection(createStore({ log: silentLogger, database }));
  expect(error).toMatchObject({ code: IN_USE, details: { path: database, pid: host.pid } });
  host.kill();
  await host.ended;
  await openStore({ database });
});

it("knows one file by all its names: a link to it, and a link to its folder", async () => {
  const store = await openStore();
  const folder = temporaryFolder();
  symlinkSync(store.path, join(folder, "link.db"));
  symlinkSync(dirname(store.path), join(folder, "folder"));
  for (const database of [join(folder, "link.db"), join(folder, "folder", "atlas.db")]) {
    const error = await rejection(createStore({ log: silentLogger, database }));
    expect(error).toMatchObject({ code: IN_USE, details: { path: store.path } });
  }
});

it("follows a link to a file that is not there yet, so that it is one file from the beginning", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "data"));
  symlinkSync(join("data", "atlas.db"), join(folder, "link.db"));
  const store = await openStore({ database: join(folder, "link.db") });
  expect(store.path).toBe(join(folder, "data", "atlas.db"));
  expect(
    (await rejection(createStore({ log: silentLogger, database: join(folder, "data", "atlas.db") }))).code,
  ).toBe(IN_USE);
});

it("frees its lock when a start fails after it was taken", async () => {
  const database = databasePath();
  mkdirSync(`${database}.owner`);
  const error = await rejection(createStore({ log: silentLogger, database }));
  expect(error).toMatchObject({ code: "ATLAS_CORE_DATABASE_PATH", details: { path: database } });
  expect(error.message).toContain(".owner");
  rmSync(`${database}.owner`, { recursive: true });
  await openStore({ database });
});

it("takes an empty owner file for one that a killed process left", async () => {
  const { path, stop } = await openStore();
  await stop();
  writeFileSync(`${path}.owner`, "");
  const open = openTested;
  const lock = takeFileLock(open, path);
  expect(lock.wasLeftBehind).toBe(true);
  lock.release();
  const next = takeFileLock(open, path);
  expect(next.wasLeftBehind).toBe(false);
  next.release();
});

it("restores to a path where only a free lock remains, and not where a gateway holds it", async () => {
  const store = await openStore();
  const backup = join(temporaryFolder(), "backup.db");
  await store.backup(backup);
  const to = databasePath();
  const running = await openStore({ database: to });
  for (const file of readdirSync(dirname(to))) if (!file.endsWith(".lock")) rmSync(join(dirname(to), file));
  expect((await rejection(restore({ from: backup, to }))).code).toBe(IN_USE);
  await running.stop();
  expect(readdirSync(dirname(to))).toEqual(["atlas.db.lock"]);
  await restore({ from: backup, to });
  await openStore({ database: to });
});
