import { expect, it, onTestFinished } from "vitest";
import { openRaw, openTested, testDriver } from "../../../../test/support/test-driver.ts";
import type { SqliteDatabase } from "../../src/file/driver.ts";
import { loadSqlite } from "../../src/file/load-sqlite.ts";
import { openReading, openWriting, type Synchronous } from "../../src/file/sqlite.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath } from "../support/temporary-folder.ts";

it.each(["20.1.0", "18.20.4", "21.7.3", "22.13.0", "22.9.0"])(
  "names what it needs on Node %s instead of crashing",
  async (version) => {
    const error = await rejection(loadSqlite(testDriver, { nodeVersion: version }));
    expect(error).toMatchObject({
      code: "ATLAS_CORE_NODE_UNSUPPORTED",
      details: { found: version, needed: ">=22.18" },
      retryable: false,
    });
    expect(error.message).toContain(`this is Node ${version}`);
  },
);

it.each(["22.18.0", "22.20.1", "23.0.0", "24.21.0", "100.0.0"])("works with Node %s", async (version) => {
  await expect(loadSqlite(testDriver, { nodeVersion: version })).resolves.toBeTypeOf("function");
});

it.each([
  ["full", 2],
  ["off", 0],
] as const)(
  "opens a file for writing with the settings that its promises rest on (%s)",
  async (synchronous, level) => {
    const open = openTested;
    const path = databasePath();
    // The second time is what a reopening does.
    for (let time = 0; time < 2; time += 1) {
      const database = openWriting(open, path, synchronous);
      const settings = ["journal_mode", "synchronous", "foreign_keys", "trusted_schema", "cache_size"];
      const found = settings.map((name) => database.pragma(name, { simple: true }));
      database.close();
      expect(found).toEqual(["wal", level, 1, 0, -16_000]);
    }
  },
);

it.each<Synchronous>(["full"])(
  "does not open a file on which a setting does not take (%s)",
  async (synchronous) => {
    const path = databasePath();
    let opened: SqliteDatabase | undefined;
    const open = (file: string): SqliteDatabase => {
      const database = openRaw(file);
      const pragma = database.pragma.bind(database);
      const heard: SqliteDatabase["pragma"] = (sql, options) =>
        pragma(sql.startsWith("synchronous =") ? "synchronous = normal" : sql, options);
      opened = Object.assign(database, { pragma: heard });
      return database;
    };
    const deaf = Object.assign(open, { driver: testDriver });
    expect(() => openWriting(deaf, path, synchronous)).toThrow(
      'SQLite answered "1" to pragma synchronous, not "2".',
    );
    expect(opened?.open).toBe(false);
  },
);

it("opens a file for reading on a connection that refuses to write", async () => {
  const open = openTested;
  const path = databasePath();
  openWriting(open, path, "full").close();
  const database = openReading(open, path);
  onTestFinished(() => void database.close());
  expect(() => database.exec("create table t (a)")).toThrow(/readonly/);
  expect(database.pragma("cache_size", { simple: true })).toBe(-16_000);
});
