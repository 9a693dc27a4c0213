import type { Migration } from "@atlas/core";
import { sql } from "kysely";

/** Finds the sinks that still hold an event, and the dead letters that are old, without reading every failed delivery. */
export const deliveries: Migration = ({ schema }) => [
  schema
    .createIndex("plugins_sink_exceptions_event")
    .on("plugins_sink_exceptions")
    .columns(["event_seq", "sink_id"]),
  schema
    .createIndex("plugins_sink_exceptions_dead")
    .on("plugins_sink_exceptions")
    .columns(["updated_at", "sink_id", "event_seq"])
    .where(sql.ref("status"), "=", sql.lit("dead")),
];
