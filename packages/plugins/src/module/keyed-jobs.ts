import { type CoreTables, type Job, type JobStatus, query, type Read } from "@atlas/core";
import { sql, toJob } from "@atlas/core/internal";
import type { Expression, SqlBool } from "kysely";

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
const selectKeys = query<CoreTables, JobLevel & { after: string; through: string; limit: number }>()(
  (db, p) => {
    // A list of the table's rows would read every job of each key.
    const keyAfter = (key: Expression<string>) =>
      db
        .selectFrom("jobs")
        .select("group_key")
        .where("status", "=", queued)
        .where("workflow_id", "=", p.workflow_id)
        .where("priority", "=", p.priority)
        .where(wasDue)
        .where("group_key", ">", key)
        .where("group_key", "<=", p.through)
        .orderBy("group_key")
        .limit(1);
    return db
      .withRecursive("turn(key)", (turns) =>
        turns
          .selectNoFrom(keyAfter(p.after).as("key"))
          .unionAll(
            turns
              .selectFrom("turn")
              .select(keyAfter(sql.ref<string>("turn.key")).as("key"))
              .where("turn.key", "is not", null),
          )
          .limit(p.limit),
      )
      .selectFrom("turn")
      .select("key")
      .where("key", "is not", null);
  },
);
const selectOfKeys = query<CoreTables, JobLevel & { keys: string; now: string; limit: number }>()(
  (db, p, { textsOf }) =>
    db
      .selectFrom(textsOf(p.keys, "wanted"))
      .crossJoin("jobs")
      .selectAll("jobs")
      .where(({ eb, selectFrom }) =>
        eb(
          "jobs.id",
          "in",
          selectFrom("jobs as ready")
            .select("ready.id")
            .where("ready.status", "=", queued)
            .where("ready.workflow_id", "=", p.workflow_id)
            .where("ready.priority", "=", p.priority)
            .where(sql<SqlBool>`ready.run_at <= ready.updated_at`)
            .whereRef("ready.group_key", "=", "wanted.value")
            // The clock may have been set back since.
            .where("ready.run_at", "<=", p.now)
            .orderBy("ready.run_at")
            .orderBy("ready.id")
            .limit(p.limit),
        ),
      ),
);
const selectWithoutKey = query<CoreTables, JobLevel & { now: string; among: number }>()((db, p) =>
  db
    .selectFrom("jobs")
    .selectAll()
    .where("id", "in", ({ selectFrom }) =>
      selectFrom((inner) =>
        inner
          .selectFrom("jobs")
          // No more columns: most of these jobs have a key, and are only passed.
          .select(["id", "group_key"])
          .where("status", "=", queued)
          .where("workflow_id", "=", p.workflow_id)
          .where("priority", "=", p.priority)
          .where("run_at", "<=", p.now)
          .orderBy("run_at")
          .orderBy("id")
          .limit(p.among)
          .as("first"),
      )
        .select("first.id")
        .where("first.group_key", "is", null),
    ),
);

/** Queries on the jobs of workflows whose keys take turns. */
export function keyedJobs(read: Read<CoreTables>) {
  return {
    /** Whether `job.markDue` has something to do for a workflow. */
    hasDueJobs: async (workflow_id: string, now: string): Promise<boolean> =>
      (await read.get(selectDue, { workflow_id, now })) !== undefined,
    /** The highest priority below this one that a queued job of the workflow has. */
    nextPriority: async (workflow_id: string, below: number): Promise<number | undefined> =>
      (await read.get(selectPriorityBelow, { workflow_id, below }))?.priority,
    /** The keys after one, and up to another, that have a job which was due when it was queued, in their order. */
    async listReadyKeys(
      level: JobLevel,
      options: { readonly after: string; readonly through: string; readonly limit: number },
    ): Promise<readonly string[]> {
      return (await read.all(selectKeys, { ...level, ...options })).flatMap(({ key }) => key ?? []);
    },
    /** The ready jobs of these keys by key, the longest waiting first, at most `limit` of each. */
    async listReadyJobsOfKeys(
      level: JobLevel,
      options: { readonly keys: readonly string[]; readonly now: string; readonly limit: number },
    ): Promise<ReadonlyMap<string | undefined, readonly Job[]>> {
      const keys = JSON.stringify(options.keys);
      const rows = await read.all(selectOfKeys, { ...level, ...options, keys });
      const ofKeys = Map.groupBy(rows.map(toJob), ({ group_key }) => group_key);
      // Sorted by SQLite, each row would be copied once more.
      for (const jobs of ofKeys.values()) jobs.sort(inReadyOrder);
      return ofKeys;
    },
    /** Those without a key `among` so many ready jobs that have waited longest. */
    async listReadyJobsWithoutKey(
      level: JobLevel,
      options: { readonly now: string; readonly among: number },
    ): Promise<readonly Job[]> {
      return (await read.all(selectWithoutKey, { ...level, ...options })).map(toJob).sort(inReadyOrder);
    },
  };
}

function inReadyOrder(left: Job, right: Job): number {
  if (left.run_at !== right.run_at) return left.run_at < right.run_at ? -1 : 1;
  return left.id < right.id ? -1 : 1;
}
