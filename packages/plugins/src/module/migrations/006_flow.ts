import type { Migration } from "@atlas/core";

/** What the host has paused, and when attempts of workflows with a rate limit began. */
export const flow: Migration = ({ schema }) => [
  schema
    .createTable("plugins_pauses")
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("id", "text", (column) => column.notNull())
    .addColumn("paused_at", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("plugins_pauses_key", ["kind", "id"]),
  schema
    .createTable("plugins_rate_starts")
    .addColumn("workflow_id", "text", (column) => column.notNull())
    .addColumn("number", "integer", (column) => column.notNull())
    .addColumn("at", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("plugins_rate_starts_key", ["workflow_id", "number"]),
];
