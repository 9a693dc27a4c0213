import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createConnection } from "../../src/file/connection.ts";
import type { DriverName, OpenConnection, SqliteDatabase } from "../../src/file/driver.ts";
import { resultCodeName } from "../../src/file/drivers/result-codes.ts";
import { loadSqlite } from "../../src/file/load-sqlite.ts";
import { inTransaction } from "../../src/file/transaction.ts";
import { statement } from "../../src/index.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath, temporaryFolder } from "../support/temporary-folder.ts";

// These tests name their drivers, so that they say the same whichever one the others run on.
const DRIVERS: readonly DriverName[] = ["better-sqlite3", "node:sqlite"];

describe.each(DRIVERS)("a connection of %s", (driver) => {
  async function opened(path = ":memory:"): Promise<SqliteDatabase> {
    const open = await loadSqlite(driver);
    const database = open(path, { timeoutMs: 0 });
    onTestFinished(() => void database.close());
    return database;
  }

  it("returns rows as plain objects, blobs as buffers and integers as numbers", async () => {
    const database = await opened();
    const row = database
      .prepare(
        "select 1 as one, 1.5 as half, 'a' as text, x'0102' as blob, null as none, 9007199254740993 as big",
      )
      .get();
    expect(row).toStrictEqual({
      one: 1,
      half: 1.5,
      text: "a",
      blob: Buffer.from([1, 2]),
      none: null,
      big: 9_007_199_254_740_992,
    });
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
    expect(Buffer.isBuffer((row as { readonly blob: unknown }).blob)).toBe(true);
  });

  it("returns rows one by one, as arrays, by their first column, and none", async () => {
    const database = await opened();
    const rows = "select 1 as a, 2 as b union all select 3, 4";
    expect([...database.prepare(rows).iterate()]).toStrictEqual([
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ]);
    expect([...database.prepare(rows).raw().iterate()]).toStrictEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(database.prepare(rows).pluck().all()).toStrictEqual([1, 3]);
    expect(database.prepare(rows).pluck().get()).toBe(1);
    expect(database.prepare("select 1 where false").get()).toBeUndefined();
    expect(database.prepare("select 1 where false").pluck().get()).toBeUndefined();
    expect(database.prepare("select 1 where false").all()).toStrictEqual([]);
  });

  it("lets go of rows that are not read to their end", async () => {
    const database = await opened();
    database.exec("create table t (a)");
    database.exec("insert into t values (1), (2)");
    const rows = database.prepare("select a from t").iterate();
    expect(rows.next().value).toStrictEqual({ a: 1 });
    rows.return?.();
    database.exec("drop table t");
    database.close();
    expect(database.open).toBe(false);
    database.close();
  });

  it("binds by position, undefined as null, and refuses what SQLite has no type for", async () => {
    const database = await opened();
    database.exec("create table t (a, b)");
    const insert = database.prepare("insert into t values (?, ?)");
    expect(insert.run(undefined, "x")).toMatchObject({ changes: 1, lastInsertRowid: 1 });
    const returning = database.prepare("insert into t values (1, 2), (3, 4) returning a");
    expect(returning.run()).toMatchObject({ changes: 2 });
    database.exec("delete from t where rowid > 1");
    const types = database.prepare("select typeof(a) as a, typeof(b) as b from t where rowid = ?");
    expect(types.get(1)).toEqual({ a: "null", b: "text" });
    for (const value of [true, new Date(0), {}, () => 1, Symbol("a")]) {
      expect(() => insert.run(value, "x"), String(value)).toThrow();
      expect(() => insert.run("x", value), String(value)).toThrow();
    }
    expect(database.prepare("select count(*) from t").pluck().get()).toBe(1);
    const given = [
      1,
      1.5,
      2 ** 40,
      -0,
      5n,
      "",
      "a\0b",
      "\u{1f600}",
      Buffer.from("b"),
      new Uint8Array(0),
      null,
    ];
    for (const value of given) insert.run(value, null);
    expect(database.prepare("select group_concat(typeof(a)) from t").pluck().get()).toBe(
      "null,real,real,real,real,integer,text,text,text,blob,blob,null",
    );
  });

  it("binds a value of a command in its place, whatever it is", async () => {
    const database = await opened();
    database.exec("create table pairs (first, second)");
    const insert = statement<{ pairs: { first: string; second: string } }, { first: string; second: string }>(
      (db, p) => db.insertInto("pairs").values({ first: p.first, second: p.second }),
    );
    const prepared = createConnection(database).prepared(insert);
    for (const first of [{}, [], ["a"], new Date(0)])
      expect(() => prepared.run({ first, second: "b" })).toThrow(TypeError);
    prepared.run({ first: Buffer.from("a"), second: undefined });
    expect(database.prepare("select * from pairs").all()).toStrictEqual([
      { first: Buffer.from("a"), second: null },
    ]);
  });

  it("refuses a text with more than one statement, and rows of a statement that has none", async () => {
    const database = await opened();
    database.exec("create table t (a)");
    for (const sql of ["select 1; select 2", "delete from t; delete from t", "select 1;; -- a\n select 2"])
      expect(() => database.prepare(sql), sql).toThrow("more than one statement");
    for (const sql of [
      " select 1",
      "-- a\nselect 1",
      "select 1;",
      "select 1; -- a",
      "select 1 /* ; */ ;\n/* a */ --",
    ])
      expect(database.prepare(sql).reader, sql).toBe(true);
    const remove = database.prepare("delete from t");
    expect(remove.reader).toBe(false);
    expect(() => remove.get()).toThrow("does not return data");
    expect(() => remove.all()).toThrow("does not return data");
  });

  it("names errors by SQLite's result codes", async () => {
    const path = databasePath();
    const database = await opened(path);
    database.exec("create table t (a unique not null)");
    const insert = database.prepare("insert into t values (?)");
    insert.run(1);
    const code = (work: () => unknown): unknown => {
      try {
        return work();
      } catch (error) {
        return (error as { readonly code?: unknown }).code;
      }
    };
    expect(code(() => insert.run(1))).toBe("SQLITE_CONSTRAINT_UNIQUE");
    expect(code(() => insert.run(null))).toBe("SQLITE_CONSTRAINT_NOTNULL");
    expect(code(() => database.exec("not sql"))).toBe("SQLITE_ERROR");
    expect(code(() => database.prepare("select nothing"))).toBe("SQLITE_ERROR");
    expect(code(() => database.prepare("select json('{')").get())).toBe("SQLITE_ERROR");
    expect(code(() => database.prepare("select json('{')").all())).toBe("SQLITE_ERROR");
    expect(code(() => [...database.prepare("select json('{')").iterate()])).toBe("SQLITE_ERROR");
    database.exec("begin immediate");
    const other = await opened(path);
    expect(code(() => other.exec("begin immediate"))).toBe("SQLITE_BUSY");
    expect(code(() => other.prepare("begin immediate").run())).toBe("SQLITE_BUSY");
    database.pragma(`max_page_count = ${database.pragma("page_count", { simple: true })}`);
    expect(code(() => insert.run("x".repeat(100_000)))).toBe("SQLITE_FULL");
  });

  it("knows whether a transaction is open, also after SQLite ended it by itself", async () => {
    const database = await opened();
    database.exec("create table t (a unique)");
    expect(inTransaction(database, () => database.inTransaction)).toBe(true);
    expect(database.inTransaction).toBe(false);
    database.exec("begin");
    database.exec("insert into t values (1)");
    expect(() => database.exec("insert or rollback into t values (1)")).toThrow("UNIQUE");
    expect(database.inTransaction).toBe(false);
    // What SQLite said comes through, though nothing is left to roll back.
    const ended = (): unknown =>
      database.exec("insert into t values (1); insert or rollback into t values (1)");
    expect(() => inTransaction(database, () => ended())).toThrow("UNIQUE");
    const failing = (): never => {
      database.exec("insert into t values (2)");
      throw new Error("no");
    };
    expect(() => inTransaction(database, failing)).toThrow("no");
    expect(database.inTransaction).toBe(false);
    expect(database.prepare("select count(*) from t").pluck().get()).toBe(0);
  });

  it("has the settings that no statement of Atlas sets, whatever its library is compiled with", async () => {
    const database = await opened();
    const value = (name: string): unknown => database.pragma(name, { simple: true });
    expect(value("foreign_keys")).toBe(1);
    expect(value("trusted_schema")).toBe(0);
    expect(value("busy_timeout")).toBe(0);
    expect(() => database.prepare('select "text"')).toThrow("no such column");
    expect(() => database.prepare("select load_extension('a')").get()).toThrow();
    database.pragma("writable_schema = on");
    expect(() => database.exec("delete from sqlite_master")).toThrow("may not be modified");
  });

  it("makes no file where one must exist, and writes one of any name", async () => {
    const open = await loadSqlite(driver);
    const missing = join(temporaryFolder(), "missing.db");
    for (const readonly of [true, false])
      expect(() => open(missing, { readonly, mustExist: true, timeoutMs: 0 })).toThrow();
    expect(existsSync(missing)).toBe(false);
    const odd = join(temporaryFolder(), "a ?mode=ro&x#%41é.db");
    const made = open(odd, { timeoutMs: 0 });
    made.exec("create table t (a)");
    made.close();
    expect(existsSync(odd)).toBe(true);
    const again = open(odd, { mustExist: true, timeoutMs: 0 });
    again.exec("insert into t values (1)");
    expect(again.name).toBe(odd);
    again.close();
    const reading = open(odd, { readonly: true, timeoutMs: 0 });
    expect(() => reading.exec("insert into t values (1)")).toThrow(/readonly/);
    reading.close();
  });

  it("reads the columns that a table has now", async () => {
    const path = databasePath();
    const database = await opened(path);
    database.exec("create table t (a, b)");
    database.exec("insert into t values (1, 2)");
    const all = database.prepare("select * from t");
    expect(all.get()).toEqual({ a: 1, b: 2 });
    const other = await opened(path);
    other.exec("alter table t rename column b to c");
    other.exec("alter table t add column d default 4");
    expect(all.get()).toEqual({ a: 1, c: 2, d: 4 });
    other.exec("alter table t rename column c to e");
    expect(all.all()).toEqual([{ a: 1, e: 2, d: 4 }]);
    other.exec("alter table t rename column e to f");
    expect([...all.iterate()]).toEqual([{ a: 1, f: 2, d: 4 }]);
  });

  it("copies a database part by part, of one moment, and paces it", async () => {
    const database = await opened(databasePath());
    database.pragma("journal_mode = wal");
    database.exec("create table t (a)");
    const insert = database.prepare("insert into t values (?)");
    for (let row = 0; row < 50; row += 1) insert.run("x".repeat(4_000));
    const to = databasePath();
    let parts = 0;
    await database.backup(to, {
      rate: 5,
      progress: () => {
        parts += 1;
        return 5;
      },
    });
    expect(parts).toBeGreaterThan(5);
    const copy = await opened(to);
    expect(copy.prepare("select count(*) from t").pluck().get()).toBe(50);
    const nowhere = join(temporaryFolder(), "missing", "copy.db");
    await expect(database.backup(nowhere, { rate: 5, progress: () => 5 })).rejects.toThrow();
  });
});

/** Has SQLite of this version, and nothing else. */
function sqliteOf(version: string): () => Promise<OpenConnection> {
  const statement = { pluck: () => statement, get: () => version };
  // As much of a connection as the check of the version asks for.
  const database = { prepare: () => statement, close: () => undefined } as unknown as SqliteDatabase;
  return async () => () => database;
}

it.each([
  ["node:sqlite", "Node 22.20.0 includes SQLite 3.50.4. Use Node 24.15 (or 22.23) or newer"],
  ["better-sqlite3", "better-sqlite3 includes SQLite 3.50.4. Update better-sqlite3."],
] as const)("refuses %s with an older SQLite, and says what to take", async (driver, advice) => {
  const error = await rejection(loadSqlite(driver, { nodeVersion: "22.20.0", load: sqliteOf("3.50.4") }));
  expect(error).toMatchObject({
    code: "ATLAS_CORE_SQLITE_UNSUPPORTED",
    details: { found: "3.50.4", needed: ">=3.51.3" },
  });
  expect(error.message).toContain(advice);
  for (const version of ["3.51.3", "3.53.0", "4.0.0"])
    expect((await loadSqlite(driver, { load: sqliteOf(version) })).driver).toBe(driver);
});

it.each([
  [1, "SQLITE_ERROR"],
  [5, "SQLITE_BUSY"],
  [261, "SQLITE_BUSY_RECOVERY"],
  [517, "SQLITE_BUSY_SNAPSHOT"],
  [773, "SQLITE_BUSY_TIMEOUT"],
  [516, "SQLITE_ABORT_ROLLBACK"],
  [260, "SQLITE_ABORT"],
  [778, "SQLITE_IOERR_WRITE"],
  [1034, "SQLITE_IOERR_FSYNC"],
  [8202, "SQLITE_IOERR_DATA"],
  [9226, "SQLITE_IOERR_CODEC"],
  [11, "SQLITE_CORRUPT"],
  [779, "SQLITE_CORRUPT_INDEX"],
  [1032, "SQLITE_READONLY_DBMOVED"],
  [1038, "SQLITE_CANTOPEN_CONVPATH"],
  [2067, "SQLITE_CONSTRAINT_UNIQUE"],
  [3091, "SQLITE_CONSTRAINT_DATATYPE"],
  [13, "SQLITE_FULL"],
  [26, "SQLITE_NOTADB"],
  [0x7f05, "SQLITE_BUSY"],
  [99, "SQLITE_ERROR"],
])("names result code %i %s", (code, name) => {
  expect(resultCodeName(code)).toBe(name);
});
