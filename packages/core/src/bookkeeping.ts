import { sql } from "kysely";
import type { Migration } from "./module.ts";

/** One applied command, as stored. Rows are in commit order; replaying them gives the same tables. */
export interface JournalRow {
  seq: number;
  /** The caller's id of the command or unit; null when none was given. */
  command_id: string | null;
  type: string;
  /** Canonical JSON: the command's fields after `prepare`, without its type. */
  payload: string;
  actor: string;
  /** Canonical JSON of a `Cause`. */
  cause: string | null;
  enqueued_at: string;
}

/** A command that was refused, as stored: what it was and why, but not what it held. */
export interface RefusedCommandRow {
  seq: number;
  refused_at: string;
  type: string;
  actor: string;
  code: string;
  message: string;
  /** SHA-256 of the command's canonical JSON; null where it was no JSON. */
  fingerprint: string | null;
}

/** The store's own tables: not part of what a replay rebuilds. */
export interface BookkeepingTables {
  store: { only: number; id: string; next_command_seq: number; next_event_seq: number };
  journal: JournalRow;
  refused_commands: RefusedCommandRow;
  command_ids: { command_id: string; fingerprint: string; receipts: string; committed_at: string };
  schema_migrations: { module: string; name: string; checksum: string; applied_at: string };
}

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

/** The migrations of the store's own tables, run before those of any module. */
export const bookkeeping = { name: "store", migrations: { "001_initial": initial } } as const;
