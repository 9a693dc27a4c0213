import {
  type CoreTables,
  defineCommand,
  idText,
  type Job,
  type JobStatus,
  query,
  type Read,
  statement,
  timeText,
} from "@atlas/core";
import { toJob } from "@atlas/core/internal";
import { type Kysely, type SqlBool, sql } from "kysely";
import { z } from "zod";
import type { PluginsTables } from "./tables.ts";

/** The queued jobs of one workflow and one priority. */
export interface JobLevel {
  readonly workflow_id: string;
  readonly priority: number;
}

// The index of ready jobs by key holds the jobs that were due when they were queued, and another index those that were not. Either
// serves only a query that says so in these words.
const queued = sql.lit<JobStatus>("queued");
const wasDue = sql<SqlBool>`run_at <= updated_at`;
const wasDelayed = sql<SqlBool>`run_at > updated_at`;

/** Marks delayed jobs as due. */
export const markDue = statement<PluginsTables, { workflow_id: string; at: string; limit: number }>(
  (db, p) => {
    // Every store has core's tables beside those of its modules.
    const jobs = db as unknown as Kysely<CoreTables>;
    return jobs
      .updateTable("jobs")
      .set({ updated_at: p.at })
      .where("id", "in", (inner) =>
        inner
          .selectFrom("jobs")
          .select("id")
          .where("status", "=", queued)
          .where("workflow_id", "=", p.workflow_id)
          .where("group_key", "is not", null)
          .where(wasDelayed)
          .where("run_at", "<=", p.at)
          .orderBy("run_at")
          .orderBy("id")
          .limit(p.limit),
      );
  },
);

const command = defineCommand<PluginsTables>();

/**
 * Says that delayed jobs with a key are due by now, at most `limit` of a workflow, those that were due first. It sets their `updated_at`,
 * which moves them to the index of ready jobs. There a search for the next key passes no job that still waits for its time.
 */
export const jobsDue = command({
  schema: z.object({ workflow_id: idText, at: timeText, limit: z.int().min(1).max(10_000) }),
  apply: (due, change) => change.run(markDue, due),
});

const selectDue = query<CoreTables, { workflow_id: string; now: string }>()((db, p) =>
  db
    .selectFrom("jobs")
    .select("id")
    .where("status", "=", queued)
    .where("workflow_id", "=", p.workflow_id)
    .where("group_key", "is not", null)
    .where(wasDelayed)
    .where("run_at", "<=", p.now)
    .limit(1),
);
const selectPriorityBelow = query<CoreTables, { workflow_id: string; below: number }>()((db, p) =>
  db
    .selectFrom("jobs")
    .select("priority")
    .where("status", "=", queued)
    .where("workflow_id", "=", p.workflow_id)
    .where("priority", "<", p.below)
    .orderBy("priority", "desc")
    .limit(1),
);
const selectNextKey = query<CoreTables, JobLevel & { after: string }>()((db, p) =>
  db
    .selectFrom("jobs")
    .selectAll()
    .where("status", "=", queued)
    .where("workflow_id", "=", p.workflow_id)
    .where("priority", "=", p.priority)
    .where(wasDue)
    .where("group_key", ">", p.after)
    .orderBy("group_key")
    .orderBy("run_at")
    .orderBy("id")
    .limit(1),
);
const selectOfKey = query<CoreTables, JobLevel & { group_key: string; now: string; limit: number }>()(
  (db, p) =>
    db
      .selectFrom("jobs")
      .selectAll()
      .where("status", "=", queued)
      .where("workflow_id", "=", p.workflow_id)
      .where("priority", "=", p.priority)
      .where(wasDue)
      .where("group_key", "=", p.group_key)
      // The clock may have been set back since.
      .where("run_at", "<=", p.now)
      .orderBy("run_at")
      .orderBy("id")
      .limit(p.limit),
);
const selectWithoutKey = query<CoreTables, JobLevel & { now: string; among: number }>()((db, p) =>
  db
    .selectFrom((inner) =>
      inner
        .selectFrom("jobs")
        .selectAll()
        .where("status", "=", queued)
        .where("workflow_id", "=", p.workflow_id)
        .where("priority", "=", p.priority)
        .where("run_at", "<=", p.now)
        .orderBy("run_at")
        .orderBy("id")
        .limit(p.among)
        .as("first"),
    )
    .selectAll()
    .where("group_key", "is", null),
);

/** Queries on the jobs of workflows whose keys take turns. */
export function keyedJobs(read: Read<CoreTables>) {
  return {
    /** Whether `plugins.jobs.due` has something to do for a workflow. */
    hasDueJobs: async (workflow_id: string, now: string): Promise<boolean> =>
      (await read.get(selectDue, { workflow_id, now })) !== undefined,
    /** The highest priority below this one that a queued job of the workflow has. */
    nextPriority: async (workflow_id: string, below: number): Promise<number | undefined> =>
      (await read.get(selectPriorityBelow, { workflow_id, below }))?.priority,
    /** The first job of the next key, in the order of keys, that has a job which was due when it was queued. */
    async nextKeyedJob(level: JobLevel, after: string): Promise<Job | undefined> {
      const row = await read.get(selectNextKey, { ...level, after });
      return row === undefined ? undefined : toJob(row);
    },
    /** The ready jobs of one key, the longest waiting first. */
    async listReadyJobsOfKey(
      level: JobLevel,
      options: { readonly group_key: string; readonly now: string; readonly limit: number },
    ): Promise<readonly Job[]> {
      return (await read.all(selectOfKey, { ...level, ...options })).map(toJob);
    },
    /** Those without a key `among` so many ready jobs that have waited longest. */
    async listReadyJobsWithoutKey(
      level: JobLevel,
      options: { readonly now: string; readonly among: number },
    ): Promise<readonly Job[]> {
      return (await read.all(selectWithoutKey, { ...level, ...options })).map(toJob);
    },
  };
}
