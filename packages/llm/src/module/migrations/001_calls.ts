import type { Migration } from "@atlas/core";

/** The table of calls. A released migration never changes: its checksum is in every database. */
export const calls: Migration = ({ schema }) => [
  schema
    .createTable("llm_calls")
    // Evidence goes when its job is pruned.
    .addColumn("job_id", "text", (column) => column.notNull().references("jobs.id").onDelete("cascade"))
    .addColumn("attempt", "integer", (column) => column.notNull())
    .addColumn("number", "integer", (column) => column.notNull())
    .addColumn("at", "text", (column) => column.notNull())
    .addColumn("method", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("profile", "text")
    .addColumn("candidate", "text")
    .addColumn("provider", "text")
    .addColumn("model", "text")
    .addColumn("degraded", "integer", (column) => column.notNull())
    .addColumn("input_tokens", "integer")
    .addColumn("output_tokens", "integer")
    .addColumn("duration_ms", "integer", (column) => column.notNull())
    .addColumn("error_code", "text")
    .addColumn("tries", "text", (column) => column.notNull())
    .addColumn("skipped", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("llm_calls_key", ["job_id", "attempt", "number"]),
];
