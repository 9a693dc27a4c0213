import type { Migration } from "@atlas/core";
import { sql } from "@atlas/core/internal";
import type { Kysely } from "kysely";

interface Tables {
  jobs: { id: string; status: string; run_at: string; created_at: string };
  plugins_job_waits: { job_id: string };
}

/** Waits by name. Jobs that waited by order are queued: they run again from the top, and wait by name. */
export const waits: Migration = (db) => {
  // The tables of core, and those of the migration before.
  const { schema } = db;
  const known = db as Kysely<unknown> as Kysely<Tables>;
  return [
    schema
      .createTable("plugins_waits")
      .addColumn("job_id", "text", (column) => column.notNull())
      .addColumn("name", "text", (column) => column.notNull())
      .addColumn("kind", "text", (column) => column.notNull())
      .addColumn("opened_at", "text")
      .addColumn("deadline", "text")
      .addColumn("info", "text")
      .addColumn("schema", "text")
      .addColumn("filter", "text")
      .addColumn("ids", "text")
      .addColumn("after_seq", "integer")
      .addColumn("scanned_seq", "integer")
      .addColumn("attempt", "integer")
      .addColumn("value", "text")
      .addColumn("by", "text")
      .addColumn("answered_at", "text")
      .addColumn("answer_order", "integer")
      .addColumn("signal_id", "text")
      .addColumn("closed_at", "text")
      .addPrimaryKeyConstraint("plugins_waits_key", ["job_id", "kind", "name"]),
    schema
      .createIndex("plugins_waits_parked")
      .on("plugins_waits")
      .columns(["kind", "job_id", "name"])
      .where(sql.ref("attempt"), "is not", null)
      .where(sql.ref("kind"), "in", sql`('event', 'jobs')`),
    schema
      .createIndex("plugins_waits_answered")
      .on("plugins_waits")
      .columns(["job_id"])
      .where(sql.ref("attempt"), "is not", null)
      .where(sql.ref("answered_at"), "is not", null),
    known
      .updateTable("jobs")
      .set((row) => ({ run_at: row.ref("created_at") }))
      .where("status", "=", sql.lit("queued"))
      .where("id", "in", (nested) => nested.selectFrom("plugins_job_waits").select("job_id")),
    schema.dropTable("plugins_job_waits"),
  ];
};
