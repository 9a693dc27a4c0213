import { readFileSync } from "node:fs";
import { sql } from "kysely";
import { expect, it } from "vitest";
import { defineModule, type Migration, silentLogger } from "../../src/index.ts";
import { createStore } from "../support/driver.ts";
import { finops } from "../support/finops.ts";
import { openStore } from "../support/open-store.ts";
import { readRows } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath } from "../support/temporary-folder.ts";

const table =
  (name: string, ...columns: readonly string[]): Migration =>
  ({ schema }) => [
    columns.reduce(
      (create, column) => create.addColumn(column, "text"),
      schema.createTable(name).addColumn("id", "text"),
    ),
  ];

const moduleOf = (migrations: Readonly<Record<string, Migration>>) =>
  defineModule({ name: "stage", version: 1, migrations, commands: {} });

const schemaOf = (path: string) =>
  readRows(path, "select type, name, sql from sqlite_master order by type, name");
const applied = (path: string) =>
  readRows<{ module: string; name: string }>(
    path,
    "select module, name from schema_migrations order by rowid",
  ).map(({ module, name }) => `${module}/${name}`);

it("runs the migrations of the store, of core and of each module, in the order of their names, once", async () => {
  const stage = moduleOf({ "002_b": table("stage_b"), "001_a": table("stage_a"), "010_c": table("stage_c") });
  const store = await openStore({ modules: [finops, stage] });
  const expected = [
    "store/001_initial",
    "store/002_context",
    "store/003_earlier_ids",
    "core/001_initial",
    "core/002_context",
    "core/003_ready_by_workflow",
    "core/004_entity_ids",
    "core/005_undelivered",
    "core/006_group_key",
    "finops/001_cost",
  ];
  const ofStage = ["stage/001_a", "stage/002_b", "stage/010_c"];
  expect(applied(store.path)).toEqual([...expected, ...ofStage]);
  const schema = schemaOf(store.path);
  await store.stop();
  await (await createStore({ log: silentLogger, database: store.path, modules: [finops, stage] })).stop();
  expect(schemaOf(store.path)).toEqual(schema);
  expect(applied(store.path)).toEqual([...expected, ...ofStage]);
});

it("runs what a newer module adds, and leaves the tables of one that is not installed now", async () => {
  const first = await openStore({ modules: [finops, moduleOf({ "001_a": table("stage_a") })] });
  await first.commands.enqueue({ type: "finops.cost.record", cost: { job_id: "j1", microusd: 5 } });
  await first.stop();
  const second = await openStore({
    database: first.path,
    modules: [moduleOf({ "001_a": table("stage_a"), "002_b": table("stage_b") })],
  });
  expect(applied(second.path).at(-1)).toBe("stage/002_b");
  await second.stop();
  const third = await openStore({
    database: first.path,
    modules: [finops, moduleOf({ "001_a": table("stage_a"), "002_b": table("stage_b") })],
  });
  expect(await third.repo.finops.spendByJob("j1")).toBe(5);
});

it("leaves the old schema when a migration fails half-way, and takes the corrected one", async () => {
  const before = await openStore({ modules: [moduleOf({ "001_a": table("stage_a") })] });
  await before.stop();
  const schema = schemaOf(before.path);

  const halfWay: Migration = (db) => [...table("stage_b")(db), ...table("stage_b")(db)];
  const failing = [moduleOf({ "001_a": table("stage_a"), "002_b": halfWay })];
  const error = await rejection(createStore({ log: silentLogger, database: before.path, modules: failing }));
  expect(error).toMatchObject({
    code: "ATLAS_CORE_MIGRATION_FAILED",
    details: { module: "stage", migration: "002_b" },
    retryable: false,
  });
  expect(error.message).toContain('table "stage_b" already exists');
  expect(error.message).toContain("The database was not changed");
  expect(schemaOf(before.path)).toEqual(schema);
  expect(applied(before.path)).not.toContain("stage/002_b");

  const corrected = moduleOf({ "001_a": table("stage_a"), "002_b": table("stage_b") });
  const after = await openStore({ database: before.path, modules: [corrected] });
  expect(applied(after.path).at(-1)).toBe("stage/002_b");
});

it.each([
  ["edited", "ATLAS_CORE_MIGRATION_EDITED", { "001_a": table("stage_a", "more") }, "001_a"],
  ["unknown, because the database is newer", "ATLAS_CORE_DATABASE_NEWER", {}, "001_a"],
] as const)(
  "refuses a database of which a migration is %s, and does not touch the file",
  async (_, code, migrations, name) => {
    const store = await openStore({ modules: [moduleOf({ "001_a": table("stage_a") })] });
    await store.commands.enqueue({ type: "entity.upsert", entity: { type: "note" } });
    await store.stop();
    const before = readFileSync(store.path);
    // The other migration of the list must not have run before the refusal.
    const modules = [moduleOf({ ...migrations, "005_e": table("stage_e") })];
    const error = await rejection(createStore({ log: silentLogger, database: store.path, modules }));
    expect(error).toMatchObject({ code, details: { module: "stage", migration: name }, retryable: false });
    expect(error.message).toContain(`"${name}"`);
    expect(readFileSync(store.path)).toEqual(before);
    // Nothing is held open by the refusal.
    await openStore({ database: store.path });
  },
);

it("knows core's schema", async () => {
  const store = await openStore();
  const names = readRows<{ name: string }>(
    store.path,
    "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name",
  ).map(({ name }) => name);
  expect(names).toEqual([
    "artifacts",
    "command_ids",
    "domain_events",
    "entities",
    "epochs",
    "events",
    "jobs",
    "journal",
    "refused_commands",
    "schema_migrations",
    "store",
    "store_earlier_ids",
  ]);
});

it("applies none of several pending migrations when one of them fails", async () => {
  const first = await openStore({ modules: [moduleOf({ "001_a": table("stage_a") })] });
  await first.stop();
  const schema = schemaOf(first.path);
  const stages = { "001_a": table("stage_a"), "002_b": table("stage_b"), "003_c": table("stage_b") };
  const error = await rejection(
    createStore({ log: silentLogger, database: first.path, modules: [moduleOf(stages)] }),
  );
  expect([error.code, error.details]).toEqual([
    "ATLAS_CORE_MIGRATION_FAILED",
    { module: "stage", migration: "003_c" },
  ]);
  expect(schemaOf(first.path)).toEqual(schema);
  expect(applied(first.path).at(-1)).toBe("stage/001_a");
});

it.each([
  ["random()", sql`integer default (random())`],
  ["current_timestamp", sql`text not null default current_timestamp`],
  ["datetime('now')", sql`text default (DATETIME('now'))`],
])("refuses a column whose default is %s, because a replay could not repeat it", async (words, column) => {
  const migration: Migration = ({ schema }) => [schema.createTable("stage_a").addColumn("at", column)];
  const modules = [moduleOf({ "001_a": migration })];
  const error = await rejection(createStore({ log: silentLogger, database: databasePath(), modules }));
  expect(error).toMatchObject({ code: "ATLAS_CORE_MIGRATION_FAILED", details: { migration: "001_a" } });
  expect(error.message).toContain(`it declares "${words}"`.replace("()", "("));
});

it.each(["rollback", "fail"])(
  "refuses a table with ON CONFLICT %s, which ends more than its own command",
  async (words) => {
    const migration: Migration = ({ schema }) => [
      schema.createTable("stage_a").addColumn("id", sql`text not null unique on conflict ${sql.raw(words)}`),
    ];
    const error = await rejection(
      createStore({
        log: silentLogger,
        database: databasePath(),
        modules: [moduleOf({ "001_a": migration })],
      }),
    );
    expect(error).toMatchObject({ code: "ATLAS_CORE_MIGRATION_FAILED", details: { migration: "001_a" } });
    expect(error.message).toContain(`it declares "on conflict ${words}"`);
  },
);

it("compiles each migration once, however often an opening needs it", async () => {
  let compiled = 0;
  const counted = moduleOf({
    "001_a": (builder) => {
      compiled += 1;
      return table("stage_a")(builder);
    },
  });
  await openStore({ modules: [counted] });
  expect(compiled).toBe(1);
});
