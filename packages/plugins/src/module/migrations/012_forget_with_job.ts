import type { Migration } from "@atlas/core";
import { sql } from "@atlas/core/internal";
import type { Kysely } from "kysely";

/** Every table that holds rows of a job by its id. Tables of later migrations need a trigger of their own. */
const tables = [
  "plugins_batch_inputs",
  "plugins_batches",
  "plugins_job_calls",
  "plugins_job_keys",
  "plugins_job_logs",
  "plugins_job_progress",
  "plugins_job_results",
  "plugins_job_runs",
  "plugins_job_steps",
  "plugins_job_versions",
  "plugins_waits",
] as const;

type Tables = Readonly<Record<(typeof tables)[number], { job_id: string }>>;

/**
 * What is stored for a job goes with the job. Every start looked for rows of jobs that were gone, so it read what each kept
 * job had left.
 */
export const forgetWithJob: Migration = (db) => {
  // The tables of this and of earlier migrations.
  const known = db as Kysely<Tables>;
  const remove = tables.map((table) => `delete from ${table} where job_id = old.id;`).join(" ");
  return [
    ...tables.map((table) =>
      known.deleteFrom(table).where(sql<boolean>`job_id not in (select id from jobs)`),
    ),
    // All others begin their primary key with the job.
    known.schema.createIndex("plugins_job_keys_by_job").on("plugins_job_keys").columns(["job_id"]),
    known.schema.createIndex("plugins_batches_by_job").on("plugins_batches").columns(["job_id"]),
    {
      compile: () =>
        sql.raw(`create trigger plugins_forget_job after delete on jobs begin ${remove} end`).compile(db),
    },
  ];
};
