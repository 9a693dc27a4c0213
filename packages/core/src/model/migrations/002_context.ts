import type { Migration } from "../../contract/module.ts";

/** What a job and an event belong to, and how a job came to be. No index: nothing is looked up by these. */
export const context: Migration = ({ schema }) => [
  schema.alterTable("domain_events").addColumn("context", "text"),
  schema.alterTable("jobs").addColumn("context", "text"),
  schema.alterTable("jobs").addColumn("deadline_at", "text"),
  schema.alterTable("jobs").addColumn("created_seq", "integer"),
  schema.alterTable("jobs").addColumn("depth", "integer", (column) => column.notNull().defaultTo(0)),
];
