import type { Migration } from "@atlas/core";

/** Under which version of its workflow each job began. */
export const jobVersions: Migration = ({ schema }) => [
  schema
    .createTable("plugins_job_versions")
    .addColumn("job_id", "text", (column) => column.primaryKey().notNull())
    .addColumn("version", "integer", (column) => column.notNull()),
];
