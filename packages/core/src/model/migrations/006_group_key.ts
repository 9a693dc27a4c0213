import { type Expression, type SqlBool, sql } from "kysely";
import type { Migration } from "../../contract/module.ts";

const queued: Expression<SqlBool> = sql<SqlBool>`status = 'queued'`;
const hasKey: Expression<SqlBool> = sql<SqlBool>`group_key is not null`;

/**
 * Whose job it is. Queued jobs with a key are in one of two indexes more; others pay for neither. The first finds the next key with a ready
 * job, and is not to hold those that wait for their time: a search would have to pass them, however many sleep. A job was due when it was
 * queued if its `run_at` is not after its `updated_at`, and that is all that an index can know of time.
 */
export const groupKey: Migration = ({ schema }) => [
  schema.alterTable("jobs").addColumn("group_key", "text"),
  schema
    .createIndex("jobs_ready_by_group")
    .on("jobs")
    .columns(["workflow_id", "priority desc", "group_key", "run_at", "id"])
    .where(queued)
    .where(hasKey)
    .where(sql<SqlBool>`run_at <= updated_at`),
  schema
    .createIndex("jobs_delayed_in_groups")
    .on("jobs")
    .columns(["workflow_id", "run_at", "id"])
    .where(queued)
    .where(hasKey)
    .where(sql<SqlBool>`run_at > updated_at`),
];
