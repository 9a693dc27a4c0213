import { sql } from "kysely";
import type { Migration } from "../../contract/module.ts";

/**
 * Finds undelivered events without reading those that are delivered. It holds row numbers only, in their order: an index of what
 * the events are about would cost the commands that emit them more.
 */
export const undelivered: Migration = ({ schema }) => [
  schema
    .createIndex("domain_events_undelivered")
    .on("domain_events")
    .columns(["delivered_at"])
    .where(sql.ref("delivered_at"), "is", null),
];
