import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { openRaw } from "../../../../test/support/test-driver.ts";
import { silentLogger } from "../../src/index.ts";
import { createStore, openReadOnly } from "../support/driver.ts";
import { openStore } from "../support/open-store.ts";
import { countRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath, temporaryFolder } from "../support/temporary-folder.ts";

function foreignDatabase(path: string, journalMode: "wal" | "delete"): void {
  const database = openRaw(path);
  database.pragma(`journal_mode = ${journalMode}`);
  database.exec("create table theirs (secret text); insert into theirs values ('42')");
  database.close();
}

const FOREIGN = "ATLAS_CORE_DATABASE_FOREIGN";
const PATH = "ATLAS_CORE_DATABASE_PATH";

const foreignFiles: readonly (readonly [string, (path: string) => void])[] = [
  ["a text file", (path) => writeFileSync(path, "Dear diary, ".repeat(500))],
  ["a short text file", (path) => writeFileSync(path, "Dear diary")],
  ["a file of one byte", (path) => writeFileSync(path, "x")],
  ["the database of another program", (path) => foreignDatabase(path, "delete")],
  ["the database of another program with a write-ahead log", (path) => foreignDatabase(path, "wal")],
];

describe.each(foreignFiles)("%s", (_, make) => {
  it.each([
    ["a store", (database: string) => createStore({ log: silentLogger, database })],
    ["a reader", (database: string) => openReadOnly(database)],
  ])("is refused by %s, is not changed, and gets nothing beside it", async (__, open) => {
    const path = join(temporaryFolder(), "theirs.db");
    make(path);
    const before = readFileSync(path);
    const error = await rejection(open(path));
    expect(error).toMatchObject({ code: FOREIGN, details: { path }, retryable: false });
    expect(error.message).toContain("It was not changed. Use another path");
    expect(readFileSync(path)).toEqual(before);
    expect(readdirSync(dirname(path))).toEqual(["theirs.db"]);
  });
});

it.each([
  ["a directory", (folder: string) => folder, "is a directory"],
  ["a path below a file", (folder: string) => join(folder, "file", "atlas.db"), "cannot be reached"],
  ["a URI", (folder: string) => `file:${folder}/atlas.db?mode=rwc`, "is a URI; use a plain path"],
  ["a path with NUL", (folder: string) => `${folder}/a\0.db`, "NUL"],
  ["a hard-linked file", (folder: string) => join(folder, "second"), "more than one hard link"],
  ["a link in a circle", (folder: string) => join(folder, "circle"), "cannot be reached"],
  ["a device", () => "/dev/null", "is not a regular file"],
  ["a folder in which nothing can be made", () => "/proc/atlas/atlas.db", "cannot be created"],
  ["a file beside which nothing can be made", () => "/proc/version", "cannot be"],
])("refuses %s as a database and says why", async (_, pathIn, words) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "file"), "");
  linkSync(join(folder, "file"), join(folder, "second"));
  symlinkSync(join(folder, "circle"), join(folder, "circle"));
  const before = readdirSync(folder);
  const error = await rejection(createStore({ log: silentLogger, database: pathIn(folder) }));
  expect(error).toMatchObject({ code: PATH, retryable: false });
  expect(error.message).toContain(words);
  expect(readdirSync(folder)).toEqual(before);
});

it.each([[""], [undefined], [7], [null]])("refuses %j as a path at the door", async (database) => {
  await expect(createStore({ log: silentLogger, database: database as string })).rejects.toThrow(TypeError);
  await expect(createStore({ log: silentLogger, database: database as string })).rejects.toThrow(
    'a file path or ":memory:"',
  );
});

it("refuses a truncated database and leaves it as it is", async () => {
  const store = await openStore();
  const entities = Array.from({ length: 500 }, (_, index) => ({
    type: "entity.upsert" as const,
    entity: { id: `${index}`, type: "note", title: "x".repeat(200) },
  }));
  await store.commands.enqueueAll(entities);
  await store.stop();
  const { size } = statSync(store.path);
  for (const kept of [size - 4_096, Math.floor(size / 8_192) * 4_096, 4_096, 1_000]) {
    truncateSync(store.path, kept);
    const before = readFileSync(store.path);
    const error = await rejection(createStore({ log: silentLogger, database: store.path }));
    expect(error, `${kept} bytes`).toMatchObject({
      code: "ATLAS_CORE_DATABASE_CORRUPT",
      details: { path: store.path },
    });
    expect(error.message).toContain("Restore a backup");
    expect(readFileSync(store.path)).toEqual(before);
  }
  truncateSync(store.path, 200);
  expect((await rejection(createStore({ log: silentLogger, database: store.path }))).code).toBe(FOREIGN);
});

it.each(["missing", "empty"])(
  "refuses a database that is %s while its changes lie in a log beside it",
  async (state) => {
    const path = databasePath();
    if (state === "empty") writeFileSync(path, "");
    writeFileSync(`${path}-wal`, "the only copy of what was committed last");
    expect(await rejection(createStore({ log: silentLogger, database: path }))).toMatchObject({
      code: "ATLAS_CORE_DATABASE_CORRUPT",
    });
    expect(readFileSync(`${path}-wal`, "utf8")).toBe("the only copy of what was committed last");
  },
);

it("takes an empty file for a new database", async () => {
  const path = databasePath();
  writeFileSync(path, "");
  const store = await openStore({ database: path });
  await store.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } });
  expect(countRows(path, "entities")).toBe(1);
});

it("makes the folders of a new database, and nobody else can read them or the file", async () => {
  const folder = join(temporaryFolder(), "deep", "er");
  const store = await openStore({ database: join(folder, "atlas.db") });
  await store.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } });
  const mode = (path: string): number => statSync(path).mode & 0o777;
  expect([mode(folder), mode(dirname(folder))]).toEqual([0o700, 0o700]);
  const files = readdirSync(folder).sort();
  expect(files).toEqual(["atlas.db", "atlas.db-shm", "atlas.db-wal", "atlas.db.lock", "atlas.db.owner"]);
  expect(files.map((name) => mode(join(folder, name)))).toEqual(files.map(() => 0o600));
  await store.stop();
  expect(readdirSync(folder).sort()).toEqual(["atlas.db", "atlas.db.lock"]);
});

it("leaves the mode of a folder that was there already", async () => {
  const folder = join(temporaryFolder(), "shared");
  mkdirSync(folder, { mode: 0o755 });
  await openStore({ database: join(folder, "atlas.db") });
  expect(statSync(folder).mode & 0o777).toBe(0o755);
});

it("keeps a :memory: database in a folder that is gone when the store has stopped", async () => {
  const folders = (): readonly string[] =>
    readdirSync(tmpdir()).filter((name) => /^atlas-(?!core-test-)/.test(name));
  const store = await openStore({ database: ":memory:" });
  expect(statSync(dirname(store.path)).mode & 0o777).toBe(0o700);
  await store.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } });
  expect(countRows(store.path, "entities")).toBe(1);
  await store.stop();
  expect(existsSync(dirname(store.path))).toBe(false);

  const before = folders();
  const failing = { name: "failing", version: 1, migrations: { "001_x": () => [broken] }, commands: {} };
  await rejection(createStore({ log: silentLogger, database: ":memory:", modules: [failing] }));
  expect(folders()).toEqual(before);
});

const broken = { compile: () => ({ sql: "this is no SQL", parameters: [] }) } as never;
