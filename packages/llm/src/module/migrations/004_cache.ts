import type { Migration } from "@atlas/core";

/** The cache of answers, and the calls that it answered. A released migration never changes: its checksum is in every database. */
export const cache: Migration = ({ schema }) => [
  schema
    .createTable("llm_cache")
    .addColumn("key", "text", (column) => column.primaryKey().notNull())
    .addColumn("answer", "text", (column) => column.notNull())
    .addColumn("expires_at", "text", (column) => column.notNull()),
  schema.createIndex("llm_cache_by_age").on("llm_cache").columns(["expires_at", "key"]),
  schema.alterTable("llm_calls").addColumn("cached", "integer"),
];
