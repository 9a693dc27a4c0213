import type { Migration } from "@atlas/core";

/** The tokens that cost less or more. A released migration never changes: its checksum is in every database. */
export const tokenDetails: Migration = ({ schema }) => [
  schema.alterTable("llm_calls").addColumn("cached_input_tokens", "integer"),
  schema.alterTable("llm_calls").addColumn("reasoning_tokens", "integer"),
];
