import type { Migration } from "@atlas/core";

/** The inputs that batches have taken, and the newest batch of each key. */
export const batches: Migration = ({ schema }) => [
  schema
    .createTable("plugins_batches")
    .addColumn("workflow_id", "text", (column) => column.notNull())
    .addColumn("key", "text", (column) => column.notNull())
    .addColumn("job_id", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("plugins_batches_key", ["workflow_id", "key"]),
  schema
    .createTable("plugins_batch_inputs")
    .addColumn("job_id", "text", (column) => column.notNull())
    .addColumn("number", "integer", (column) => column.notNull())
    .addColumn("input", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("plugins_batch_inputs_key", ["job_id", "number"]),
];
