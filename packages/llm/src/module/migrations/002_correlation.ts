import type { Migration } from "@atlas/core";

/** What each call belongs to. A released migration never changes: its checksum is in every database. */
export const correlation: Migration = ({ schema }) => [
  schema.alterTable("llm_calls").addColumn("correlation_id", "text"),
];
