import { sql } from "kysely";
import { expect, it } from "vitest";
import { type Migration, type StoreModule, silentLogger } from "../../src/index.ts";
import { createStore } from "../support/driver.ts";
import { openStore } from "../support/open-store.ts";
import { readRows, readValue } from "../support/read-file.ts";
import { rejection } from "../support/rejection.ts";
import { databasePath } from "../support/temporary-folder.ts";

const module = (reference: string, required = false): StoreModule => ({
  name: "notes",
  version: 1,
  migrations: {
    "001_notes": ({ schema }) => [
      schema.createTable("notes_books").addColumn("id", "text", (column) => column.primaryKey().notNull()),
      schema
        .createTable("notes_pages")
        .addColumn("id", "text", (column) => column.primaryKey().notNull())
        .addColumn("book_id", "text", (column) => column.references("notes_books.id"))
        .addColumn("entity_id", sql`text ${sql.raw(required ? "not null" : "")} ${sql.raw(reference)}`),
    ],
  } satisfies Record<string, Migration>,
  commands: {},
});

it.each([
  ["without a word on what becomes of its row", module("references entities(id)")],
  ["that restricts", module("references entities(id) on delete restrict")],
  ["that sets null what may not be null", module("references entities(id) on delete set null", true)],
])("refuses a foreign key on another module's table %s, because pruning would fail", async (_, notes) => {
  const database = databasePath();
  const error = await rejection(createStore({ log: silentLogger, database, modules: [notes] }));
  expect(error).toMatchObject({
    code: "ATLAS_CORE_MIGRATION_FAILED",
    message: expect.stringContaining('the foreign key of "notes_pages.entity_id"'),
  });
  expect(readRows(database, "select name from sqlite_master where name like 'notes%'")).toEqual([]);
});

it.each([["cascade"], ["set null"]])(
  "prunes a row to which a foreign key with on delete %s refers",
  async (action) => {
    const store = await openStore({ modules: [module(`references entities(id) on delete ${action}`)] });
    await store.commands.enqueue({
      type: "entity.upsert",
      entity: { id: "e", type: "note", deleted_at: "2020-01-01T00:00:00Z" },
    });
    const id = `evt_${readValue<string>(store.path, "select id from store")}_1`;
    await store.commands.enqueue({ type: "domainEvent.markDelivered", id });
    const { after } = await store.prune({ deleted_entities_before: "2026-01-01T00:00:00Z" });
    expect(after.rows.entities).toBe(0);
  },
);
