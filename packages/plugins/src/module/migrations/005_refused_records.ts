import type { Migration } from "@atlas/core";
import { sql } from "@atlas/core/internal";

/**
 * Indexes that find the sinks that still hold an event, and the dead letters that are old, without reading every failed delivery. And the
 * records of sources that were refused.
 */
export const refusedRecords: Migration = ({ schema }) => [
  schema
    .createIndex("plugins_sink_exceptions_event")
    .on("plugins_sink_exceptions")
    .columns(["event_seq", "sink_id"]),
  schema
    .createIndex("plugins_sink_exceptions_dead")
    .on("plugins_sink_exceptions")
    .columns(["updated_at", "sink_id", "event_seq"])
    .where(sql.ref("status"), "=", sql.lit("dead")),
  schema
    .createTable("plugins_refused_records")
    .addColumn("source_id", "text", (column) => column.notNull())
    .addColumn("record_key", "text", (column) => column.notNull())
    .addColumn("external_id", "text")
    .addColumn("record", "text", (column) => column.notNull())
    .addColumn("code", "text", (column) => column.notNull())
    .addColumn("message", "text", (column) => column.notNull())
    .addColumn("first_at", "text", (column) => column.notNull())
    .addColumn("last_at", "text", (column) => column.notNull())
    .addColumn("times", "integer", (column) => column.notNull())
    .addPrimaryKeyConstraint("plugins_refused_records_key", ["source_id", "record_key"]),
  schema
    .createIndex("plugins_refused_records_by_time")
    .on("plugins_refused_records")
    .columns(["source_id", "last_at", "record_key"]),
];
