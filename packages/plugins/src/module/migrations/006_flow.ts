import type { Migration } from "@atlas/core";

/** What the host has paused. */
export const flow: Migration = ({ schema }) => [
  schema
    .createTable("plugins_pauses")
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("id", "text", (column) => column.notNull())
    .addColumn("paused_at", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("plugins_pauses_key", ["kind", "id"]),
];
