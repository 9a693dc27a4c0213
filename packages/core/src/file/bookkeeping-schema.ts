import { sql } from "kysely";
import type { Migration } from "../contract/module.ts";

const initial: Migration = ({ schema }) => [
  schema
    .createTable("store")
    .addColumn("only", "integer", (column) => column.primaryKey().check(sql`only = 1`))
    .addColumn("id", "text", (column) => column.notNull())
    .addColumn("next_command_seq", "integer", (column) => column.notNull())
    .addColumn("next_event_seq", "integer", (column) => column.notNull()),
  schema
    .createTable("journal")
    .addColumn("seq", "integer", (column) => column.primaryKey())
    .addColumn("command_id", "text")
    .addColumn("type", "text", (column) => column.notNull())
    .addColumn("payload", "text", (column) => column.notNull())
    .addColumn("actor", "text", (column) => column.notNull())
    .addColumn("cause", "text")
    .addColumn("enqueued_at", "text", (column) => column.notNull()),
  schema
    .createTable("epochs")
    .addColumn("first_seq", "integer", (column) => column.primaryKey())
    .addColumn("fingerprint", "text", (column) => column.notNull())
    .addColumn("reason", "text", (column) => column.notNull())
    .addColumn("baseline", "text")
    .addColumn("digest", "text")
    .addColumn("started_at", "text", (column) => column.notNull()),
  schema
    .createTable("refused_commands")
    .addColumn("seq", "integer", (column) => column.primaryKey())
    .addColumn("refused_at", "text", (column) => column.notNull())
    .addColumn("type", "text", (column) => column.notNull())
    .addColumn("actor", "text", (column) => column.notNull())
    .addColumn("code", "text", (column) => column.notNull())
    .addColumn("message", "text", (column) => column.notNull())
    .addColumn("fingerprint", "text"),
  schema
    .createTable("command_ids")
    .addColumn("command_id", "text", (column) => column.primaryKey().notNull())
    .addColumn("fingerprint", "text", (column) => column.notNull())
    .addColumn("receipts", "text", (column) => column.notNull())
    .addColumn("committed_at", "text", (column) => column.notNull()),
  schema.createIndex("command_ids_by_time").on("command_ids").columns(["committed_at"]),
];

const context: Migration = ({ schema }) => [schema.alterTable("journal").addColumn("context", "text")];

const earlierIds: Migration = ({ schema }) => [
  schema
    .createTable("store_earlier_ids")
    .addColumn("through_seq", "integer", (column) => column.primaryKey())
    .addColumn("id", "text", (column) => column.notNull()),
];

/** The name of the migration since which a store remembers its earlier ids. */
export const EARLIER_IDS = "003_earlier_ids";

/** The migrations of the store's own tables, run before those of any module. */
export const bookkeeping = {
  name: "store",
  migrations: { "001_initial": initial, "002_context": context, [EARLIER_IDS]: earlierIds },
} as const;
