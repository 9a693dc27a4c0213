import type { Migration } from "@atlas/core";

/** The jobs that were claimed before they had a slot. */
export const claimsAhead: Migration = ({ schema }) => [
  schema
    .createTable("plugins_claims_ahead")
    .addColumn("id", "integer", (column) => column.primaryKey())
    .addColumn("jobs", "text", (column) => column.notNull()),
];
