import { defineCommand, idText, query, type Refusal } from "@atlas/core";
import { lazySchema, sql } from "@atlas/core/internal";
import { z } from "zod";
import type { PluginsTables } from "./tables.ts";

// Core's table, which every store has. It is only read here.
const jobs = sql<{ id: string; status: string; attempt: number }>`jobs`.as("job");

/** A job that waits in the queue for its time, and not for an answer. */
const delayedJob = query<PluginsTables, { job_id: string; attempt: number }>()((db, p) =>
  db
    .selectFrom(jobs)
    .select("job.id")
    .where("job.id", "=", p.job_id)
    .where("job.attempt", "=", p.attempt)
    .where("job.status", "=", sql.lit("queued"))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("plugins_waits as wait")
            .select("wait.job_id")
            .whereRef("wait.job_id", "=", "job.id")
            .whereRef("wait.attempt", "=", "job.attempt"),
        ),
      ),
    ),
);

const command = defineCommand<PluginsTables>();

/** Says that a job is queued after this run and waits for nothing. It is refused otherwise, with the unit that it belongs to. */
export const jobPromote = command({
  schema: lazySchema(() => z.object({ job_id: idText, attempt: z.int().min(0) })),
  apply: (job, change) => change.require(delayedJob, job, notDelayed(job.job_id)),
});

function notDelayed(id: string): Refusal {
  return {
    refuse: "ATLAS_PLUGINS_JOB_NOT_DELAYED",
    message: `The job "${id}" was moved before it could be promoted. Nothing was changed. Read the job again.`,
    details: { id, status: "moved" },
  };
}
