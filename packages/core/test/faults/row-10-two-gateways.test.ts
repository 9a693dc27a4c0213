import { linkSync, readdirSync, readFileSync, renameSync, statSync, unlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, it } from "vitest";
import { silentLogger } from "../../src/index.ts";
import { createStore, openReadOnly } from "../support/driver.ts";
import { startHost } from "../support/host-process.ts";
import { openStore } from "../support/open-store.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath, temporaryFolder } from "../support/temporary-folder.ts";

const IN_USE = "ATLAS_CORE_DATABASE_IN_USE";
const note = { type: "entity.upsert", entity: { type: "note" } } as const;

it("lets one of several that open a new file at once have it, in one process", async () => {
  const database = databasePath();
  const outcomes = await Promise.allSettled(
    [1, 2, 3, 4].map(() => createStore({ log: silentLogger, database })),
  );
  const stores = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const codes = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason.code] : []));
  await Promise.all(stores.map((store) => store.stop()));
  expect(stores.length).toBe(1);
  expect(codes).toEqual([IN_USE, IN_USE, IN_USE]);
});

it("lets one of several processes that open a new file at once have it, and the next one when that was killed", async () => {
  const database = databasePath();
  const hosts = [1, 2, 3].map(() => startHost("racing-host.ts", { database }));
  await Promise.all(hosts.map((host) => host.printed(1)));
  expect(hosts.flatMap(({ lines }) => lines).sort()).toEqual([IN_USE, IN_USE, "won"]);
  const winner = hosts.find(({ lines }) => lines[0] === "won");
  expect((await rejection(createStore({ log: silentLogger, database }))).details).toEqual({
    path: database,
    pid: winner?.pid,
  });
  winner?.kill();
  await winner?.ended;
  await openStore({ database });
}, 30_000);

it("refuses at once, and touches nothing of the one that runs", async () => {
  const store = await openStore();
  await store.commands.enqueue(note);
  const folder = dirname(store.path);
  const look = () =>
    readdirSync(folder).map((name) => {
      const { ino, size, mtimeMs } = statSync(join(folder, name));
      return { name, ino, size, mtimeMs };
    });
  const before = look();
  const owner = readFileSync(`${store.path}.owner`, "utf8");
  for (const database of [store.path, relative(process.cwd(), store.path)]) {
    expect((await rejection(createStore({ log: silentLogger, database }))).code).toBe(IN_USE);
  }
  expect(look()).toEqual(before);
  expect(readFileSync(`${store.path}.owner`, "utf8")).toBe(owner);
});

it("refuses a hard link that was made while the store runs", async () => {
  const store = await openStore();
  const second = join(temporaryFolder(), "second.db");
  linkSync(store.path, second);
  const error = await rejection(createStore({ log: silentLogger, database: second }));
  expect(error).toMatchObject({ code: "ATLAS_CORE_DATABASE_PATH" });
  expect(error.message).toContain("more than one hard link");
  unlinkSync(second);
  await store.commands.enqueue(note);
});

it("keeps its lock whatever its own process does with the file: reading, being refused, reading beside", async () => {
  const store = await openStore();
  await store.commands.enqueue(note);
  // Closing any descriptor of a locked file would free the lock of the whole process.
  await rejection(createStore({ log: silentLogger, database: store.path }));
  (await openReadOnly(store.path)).close();
  await store.repo.listEntities();
  const other = startHost("racing-host.ts", { database: store.path });
  await other.printed(1);
  expect(other.lines).toEqual([IN_USE]);
  await store.commands.enqueue(note);
}, 20_000);

it("is another database when the file was moved away and a new one made: each has its own lock", async () => {
  const first = await openStore();
  await first.stop();
  renameSync(first.path, `${first.path}.old`);
  const second = await openStore({ database: first.path });
  const third = await openStore({ database: `${first.path}.old` });
  expect([second.path, third.path]).toEqual([first.path, `${first.path}.old`]);
});
