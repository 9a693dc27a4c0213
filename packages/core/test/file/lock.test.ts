import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { createStore, silentLogger } from "../../src/index.ts";
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
