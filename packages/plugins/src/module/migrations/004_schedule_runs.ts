import type { Migration } from "@atlas/core";
import { sql } from "@atlas/core/internal";

/** Counts the runs of schedules, and finds the jobs that crashed last without reading those that only waited. */
export const scheduleRuns: Migration = ({ schema }) => [
  schema
    .alterTable("plugins_schedules")
    .addColumn("runs", "integer", (column) => column.notNull().defaultTo(0)),
  schema
    .createIndex("plugins_job_runs_crashed")
    .on("plugins_job_runs")
    .columns(["job_id", "recovered_attempt"])
    .where(sql.ref("recoveries"), ">", sql.lit(0)),
];
