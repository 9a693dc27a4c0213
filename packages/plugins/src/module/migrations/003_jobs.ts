import type { Migration } from "@atlas/core";

/**
 * What attempts at a job have made, in which run a step finished, what a job returned and logged, and who holds
 * a key.
 */
export const jobs: Migration = ({ schema }) => [
  schema.alterTable("plugins_job_steps").addColumn("attempt", "integer"),
  schema
    .createTable("plugins_job_calls")
    .addColumn("job_id", "text", (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("target", "text", (column) => column.notNull())
    .addColumn("digest", "text")
    .addColumn("attempt", "integer", (column) => column.notNull())
    .addColumn("step", "text")
    .addPrimaryKeyConstraint("plugins_job_calls_key", ["job_id", "kind", "target"]),
  schema
    .createTable("plugins_job_results")
    .addColumn("job_id", "text", (column) => column.primaryKey().notNull())
    .addColumn("result", "text", (column) => column.notNull()),
  schema
    .createTable("plugins_job_keys")
    .addColumn("workflow_id", "text", (column) => column.notNull())
    .addColumn("scope", "text", (column) => column.notNull())
    .addColumn("key", "text", (column) => column.notNull())
    .addColumn("job_id", "text", (column) => column.notNull())
    .addColumn("input_digest", "text", (column) => column.notNull())
    .addColumn("until", "text")
    .addPrimaryKeyConstraint("plugins_job_keys_key", ["workflow_id", "scope", "key"]),
  schema
    .createTable("plugins_job_logs")
    .addColumn("job_id", "text", (column) => column.notNull())
    .addColumn("attempt", "integer", (column) => column.notNull())
    .addColumn("number", "integer", (column) => column.notNull())
    .addColumn("at", "text", (column) => column.notNull())
    .addColumn("level", "text", (column) => column.notNull())
    .addColumn("message", "text", (column) => column.notNull())
    .addColumn("fields", "text")
    .addColumn("size_bytes", "integer", (column) => column.notNull())
    .addPrimaryKeyConstraint("plugins_job_logs_key", ["job_id", "attempt", "number"]),
];
