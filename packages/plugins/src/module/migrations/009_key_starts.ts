import type { Migration } from "@atlas/core";

/** When attempts began of workflows with a rate limit per key. */
export const keyStarts: Migration = ({ schema }) => [
  schema
    .createTable("plugins_key_starts")
    .addColumn("workflow_id", "text", (column) => column.notNull())
    .addColumn("number", "integer", (column) => column.notNull())
    .addColumn("group_key", "text", (column) => column.notNull())
    .addColumn("at", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("plugins_key_starts_key", ["workflow_id", "number"]),
];
