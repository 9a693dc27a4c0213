import { type CoreTables, query, type Read } from "@atlas/core";
import { sql } from "@atlas/core/internal";
import type { PluginsTables } from "./tables.ts";

/** The two counts of a job's attempts. */
export interface JobAttempts {
  /** How often the job was started: `attempt` of its record. It only grows, and fences: a late run cannot report its result. */
  readonly runs: number;
  /**
   * How many of these runs count towards `max_attempts`. Waits, a stop of the gateway and a crash do not count, and a redrive starts
   * again at 0. While the job runs, its current attempt is included. Absent once the job has succeeded or was cancelled.
   */
  readonly attempts_used?: number;
}

const selectAttempts = query<PluginsTables & CoreTables, { job_id: string }>()((db, p) =>
  db
    .selectFrom("jobs")
    .leftJoin("plugins_job_runs as run", "run.job_id", "jobs.id")
    .select(["jobs.attempt", "jobs.status", "run.uncounted"])
    .where("jobs.id", "=", p.job_id),
);

const selectCrashed = query<PluginsTables & CoreTables>()((db) =>
  db
    .selectFrom("plugins_job_runs as run")
    // A cross join keeps the order: with any other, SQLite could go through all jobs.
    .crossJoin("jobs")
    .select("jobs.id")
    .whereRef("jobs.id", "=", "run.job_id")
    .whereRef("jobs.attempt", "=", "run.recovered_attempt")
    // Says again what the index holds.
    .where("run.recoveries", ">", sql.lit(0))
    .where("jobs.status", "=", sql.lit("queued"))
    .orderBy("run.job_id"),
);

/** Queries on the attempts of jobs. */
export function jobAttempts(read: Read<PluginsTables & CoreTables>) {
  return {
    /** The queued jobs in whose last run the process ended. */
    listCrashedJobs: () => read.all(selectCrashed, {}),
    /** How often a job was started, and how many of its attempts are used up; nothing when there is no such job. */
    async getJobAttempts(job_id: string): Promise<JobAttempts | undefined> {
      const row = await read.get(selectAttempts, { job_id });
      if (row === undefined) return undefined;
      const { attempt: runs, status, uncounted } = row;
      // What is known of a job's runs is removed when nothing can follow them.
      if (status === "succeeded" || status === "cancelled") return { runs };
      return { runs, attempts_used: Math.max(0, runs - (uncounted ?? 0)) };
    },
  };
}
