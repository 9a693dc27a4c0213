import type { Migration } from "@atlas/core";
import { sql } from "@atlas/core/internal";

/** The tables of the runners. Exceptions, steps and waits are few: only what did not go straight on has rows. */
export const initial: Migration = ({ schema }) => [
  schema
    .createTable("plugins_source_cursors")
    .addColumn("source_id", "text", (column) => column.primaryKey().notNull())
    .addColumn("cursor", "text", (column) => column.notNull()),
  schema
    .createTable("plugins_schedules")
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("id", "text", (column) => column.notNull())
    .addColumn("spec", "text", (column) => column.notNull())
    .addColumn("next_at", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("plugins_schedules_key", ["kind", "id"]),
  schema
    .createTable("plugins_sink_cursors")
    .addColumn("sink_id", "text", (column) => column.primaryKey().notNull())
    .addColumn("event_seq", "integer", (column) => column.notNull())
    .addColumn("seen_at", "text", (column) => column.notNull()),
  schema
    .createTable("plugins_sink_exceptions")
    .addColumn("sink_id", "text", (column) => column.notNull())
    .addColumn("event_seq", "integer", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("attempts", "integer", (column) => column.notNull())
    .addColumn("next_at", "text", (column) => column.notNull())
    .addColumn("error", "text", (column) => column.notNull())
    .addColumn("updated_at", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("plugins_sink_exceptions_key", ["sink_id", "event_seq"]),
  schema
    .createIndex("plugins_sink_exceptions_due")
    .on("plugins_sink_exceptions")
    .columns(["sink_id", "next_at", "event_seq"])
    .where(sql.ref("status"), "=", sql.lit("retrying")),
  schema
    .createTable("plugins_job_runs")
    .addColumn("job_id", "text", (column) => column.primaryKey().notNull())
    .addColumn("uncounted", "integer", (column) => column.notNull())
    .addColumn("recoveries", "integer", (column) => column.notNull())
    .addColumn("recovered_attempt", "integer", (column) => column.notNull()),
  schema
    .createTable("plugins_job_steps")
    .addColumn("job_id", "text", (column) => column.notNull())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("result", "text")
    .addPrimaryKeyConstraint("plugins_job_steps_key", ["job_id", "name"]),
  schema
    .createTable("plugins_job_waits")
    .addColumn("job_id", "text", (column) => column.primaryKey().notNull())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("attempt", "integer", (column) => column.notNull())
    .addColumn("wait_for", "text", (column) => column.notNull())
    .addColumn("after_seq", "integer", (column) => column.notNull())
    .addColumn("until", "text"),
  schema
    .createTable("plugins_job_progress")
    .addColumn("job_id", "text", (column) => column.primaryKey().notNull())
    .addColumn("progress", "text", (column) => column.notNull())
    .addColumn("at", "text", (column) => column.notNull()),
];
