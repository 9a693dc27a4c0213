import type { Migration } from "@atlas/core";

/** The schedules that were made at run time. */
export const schedules: Migration = ({ schema }) => [
  schema
    .createTable("plugins_api_schedules")
    .addColumn("id", "text", (column) => column.primaryKey().notNull())
    .addColumn("workflow_id", "text", (column) => column.notNull())
    .addColumn("schedule", "text", (column) => column.notNull())
    .addColumn("input", "text", (column) => column.notNull())
    .addColumn("revision", "text", (column) => column.notNull())
    .addColumn("next_at", "text", (column) => column.notNull())
    .addColumn("runs", "integer", (column) => column.notNull())
    .addColumn("last_job_id", "text"),
  schema.createIndex("plugins_api_schedules_due").on("plugins_api_schedules").columns(["next_at", "id"]),
];
