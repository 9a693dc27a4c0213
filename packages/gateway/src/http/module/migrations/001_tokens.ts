import type { Migration } from "@atlas/core";
import { sql } from "@atlas/core/internal";

/** Tokens, and answers by idempotency key. A released migration never changes: its checksum is in every database. */
export const tokens: Migration = ({ schema }) => [
  schema
    .createTable("http_tokens")
    .addColumn("id", "text", (column) => column.primaryKey().notNull())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("hash", "text", (column) => column.notNull().unique())
    .addColumn("scopes", "text", (column) => column.notNull())
    .addColumn("created_at", "text", (column) => column.notNull())
    .addColumn("expires_at", "text")
    .addColumn("revoked_at", "text"),
  // A name stands in the context of what its token did: two tokens that are both valid never share one.
  schema
    .createIndex("http_tokens_by_name")
    .unique()
    .on("http_tokens")
    .column("name")
    .where(sql.ref("revoked_at"), "is", null),
  schema
    .createTable("http_answers")
    .addColumn("id", "text", (column) => column.primaryKey().notNull())
    .addColumn("request_hash", "text", (column) => column.notNull())
    .addColumn("status", "integer", (column) => column.notNull())
    .addColumn("body", "text", (column) => column.notNull())
    .addColumn("created_at", "text", (column) => column.notNull()),
  schema.createIndex("http_answers_by_age").on("http_answers").columns(["created_at", "id"]),
];
