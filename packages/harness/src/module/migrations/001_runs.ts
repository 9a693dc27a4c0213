import type { Migration } from "@atlas/core";

/** The table of runs. A released migration never changes: its checksum is in every database. */
export const runs: Migration = ({ schema }) => [
  schema
    .createTable("harness_runs")
    // Evidence goes when its job is pruned.
    .addColumn("job_id", "text", (column) => column.notNull().references("jobs.id").onDelete("cascade"))
    .addColumn("attempt", "integer", (column) => column.notNull())
    .addColumn("number", "integer", (column) => column.notNull())
    .addColumn("at", "text", (column) => column.notNull())
    .addColumn("mode", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("profile", "text")
    .addColumn("harness", "text")
    .addColumn("model", "text")
    .addColumn("session_id", "text")
    .addColumn("exit_code", "integer")
    .addColumn("degraded", "integer", (column) => column.notNull())
    .addColumn("truncated", "integer", (column) => column.notNull())
    .addColumn("input_tokens", "integer")
    .addColumn("output_tokens", "integer")
    .addColumn("cached_input_tokens", "integer")
    .addColumn("reasoning_tokens", "integer")
    .addColumn("cost_microusd", "integer")
    .addColumn("duration_ms", "integer", (column) => column.notNull())
    .addColumn("error_code", "text")
    .addColumn("correlation_id", "text")
    .addColumn("goal", "text")
    .addColumn("files", "text", (column) => column.notNull())
    .addColumn("tries", "text", (column) => column.notNull())
    .addColumn("skipped", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("harness_runs_key", ["job_id", "attempt", "number"]),
];
