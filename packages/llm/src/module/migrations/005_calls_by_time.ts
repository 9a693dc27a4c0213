import type { Migration } from "@atlas/core";

/** Finds the newest calls of all jobs. A released migration never changes: its checksum is in every database. */
export const callsByTime: Migration = ({ schema }) => [
  schema.createIndex("llm_calls_by_time").on("llm_calls").columns(["at", "job_id", "attempt", "number"]),
];
