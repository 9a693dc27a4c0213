import { sql } from "kysely";
import type { Migration } from "../../contract/module.ts";

/** Ready jobs by workflow, so that those of a workflow that may start no more are never read in order to skip them. */
export const readyByWorkflow: Migration = ({ schema }) => [
  schema.dropIndex("jobs_ready"),
  schema
    .createIndex("jobs_ready")
    .on("jobs")
    .columns(["workflow_id", "priority desc", "run_at", "id"])
    .where(sql.ref("status"), "=", sql.lit("queued")),
];
