import { sql } from "kysely";
import type { Migration } from "../../contract/module.ts";

/** Core's five tables. Every index serves a named query; each costs 5–15 % of the inserts it sees. */
export const initial: Migration = ({ schema }) => [
  schema
    .createTable("entities")
    .addColumn("id", "text", (column) => column.primaryKey().notNull())
    .addColumn("type", "text", (column) => column.notNull())
    .addColumn("source", "text")
    .addColumn("external_id", "text")
    .addColumn("title", "text")
    .addColumn("url", "text")
    .addColumn("data", "text")
    .addColumn("updated_at", "text", (column) => column.notNull())
    .addColumn("deleted_at", "text"),
  schema.createIndex("entities_by_type").on("entities").columns(["type", "id"]),
  schema
    .createIndex("entities_by_origin")
    .unique()
    .on("entities")
    .columns(["source", "external_id"])
    .where(sql.ref("source"), "is not", null)
    .where(sql.ref("external_id"), "is not", null),
  schema
    .createIndex("entities_deleted")
    .on("entities")
    .columns(["deleted_at"])
    .where(sql.ref("deleted_at"), "is not", null),

  schema
    .createTable("events")
    .addColumn("id", "text", (column) => column.primaryKey().notNull())
    .addColumn("type", "text", (column) => column.notNull())
    .addColumn("source", "text")
    .addColumn("external_id", "text")
    .addColumn("entity_id", "text")
    .addColumn("data", "text")
    .addColumn("occurred_at", "text", (column) => column.notNull()),
  schema.createIndex("events_by_type").on("events").columns(["type", "occurred_at", "id"]),
  schema.createIndex("events_by_time").on("events").columns(["occurred_at", "id"]),
  schema
    .createIndex("events_by_entity")
    .on("events")
    .columns(["entity_id", "occurred_at", "id"])
    .where(sql.ref("entity_id"), "is not", null),
  schema
    .createIndex("events_by_origin")
    .unique()
    .on("events")
    .columns(["source", "external_id"])
    .where(sql.ref("source"), "is not", null)
    .where(sql.ref("external_id"), "is not", null),

  schema
    .createTable("artifacts")
    .addColumn("id", "text", (column) => column.primaryKey().notNull())
    .addColumn("type", "text", (column) => column.notNull())
    .addColumn("job_id", "text")
    .addColumn("title", "text")
    .addColumn("content_md", "text")
    .addColumn("data", "text")
    .addColumn("created_at", "text", (column) => column.notNull())
    .addColumn("updated_at", "text", (column) => column.notNull()),
  schema.createIndex("artifacts_by_type").on("artifacts").columns(["type", "created_at", "id"]),
  schema.createIndex("artifacts_by_time").on("artifacts").columns(["created_at", "id"]),
  schema
    .createIndex("artifacts_by_job")
    .on("artifacts")
    .columns(["job_id", "created_at", "id"])
    .where(sql.ref("job_id"), "is not", null),

  schema
    .createTable("jobs")
    .addColumn("id", "text", (column) => column.primaryKey().notNull())
    .addColumn("workflow_id", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("priority", "integer", (column) => column.notNull())
    .addColumn("attempt", "integer", (column) => column.notNull())
    .addColumn("max_attempts", "integer")
    .addColumn("run_at", "text", (column) => column.notNull())
    .addColumn("input", "text", (column) => column.notNull())
    .addColumn("error", "text")
    .addColumn("idempotency_key", "text")
    .addColumn("parent_id", "text")
    .addColumn("created_at", "text", (column) => column.notNull())
    .addColumn("started_at", "text")
    .addColumn("finished_at", "text")
    .addColumn("updated_at", "text", (column) => column.notNull()),
  // Ready jobs only: an index that starts with every job's status would make the planner drop this one.
  schema
    .createIndex("jobs_ready")
    .on("jobs")
    .columns(["priority desc", "run_at", "id"])
    .where(sql.ref("status"), "=", sql.lit("queued")),
  schema
    .createIndex("jobs_running")
    .on("jobs")
    .columns(["id"])
    .where(sql.ref("status"), "=", sql.lit("running")),
  schema
    .createIndex("jobs_failed")
    .on("jobs")
    .columns(["id"])
    .where(sql.ref("status"), "=", sql.lit("failed")),
  schema
    .createIndex("jobs_cancelled")
    .on("jobs")
    .columns(["id"])
    .where(sql.ref("status"), "=", sql.lit("cancelled")),
  schema.createIndex("jobs_by_workflow").on("jobs").columns(["workflow_id", "id"]),
  schema
    .createIndex("jobs_by_key")
    .unique()
    .on("jobs")
    .columns(["workflow_id", "idempotency_key"])
    .where(sql.ref("idempotency_key"), "is not", null),
  schema
    .createIndex("jobs_by_parent")
    .on("jobs")
    .columns(["parent_id", "id"])
    .where(sql.ref("parent_id"), "is not", null),

  schema
    .createTable("domain_events")
    .addColumn("seq", "integer", (column) => column.primaryKey())
    .addColumn("type", "text", (column) => column.notNull())
    .addColumn("aggregate_id", "text")
    .addColumn("payload", "text", (column) => column.notNull())
    .addColumn("command_seq", "integer", (column) => column.notNull())
    .addColumn("depth", "integer", (column) => column.notNull())
    .addColumn("created_at", "text", (column) => column.notNull())
    .addColumn("delivered_at", "text"),
];
