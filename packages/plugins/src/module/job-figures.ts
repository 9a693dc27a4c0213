import { type CoreTables, type JobStatus, query, type Read } from "@atlas/core";
import { sql } from "@atlas/core/internal";
import type { PluginsTables } from "./tables.ts";

/** Figures of the jobs of one workflow that ended last. */
export interface WorkflowInsight {
  readonly workflow_id: string;
  /** How many jobs the figures are about. */
  readonly jobs: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** From `run_at` to the start of the last attempt. Absent when no job was started. */
  readonly wait_ms?: Spread;
  /** From the start of the last attempt to its end. Absent when no job was started. */
  readonly run_ms?: Spread;
}

/** Median, 99th percentile and maximum, in milliseconds. */
export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

type Tables = PluginsTables & CoreTables;

// A job's priority is a million at most.
const ABOVE_ALL_PRIORITIES = 1_000_001;

const STATUSES: readonly JobStatus[] = ["queued", "running", "succeeded", "failed", "cancelled"];

// Each of these counts reads a partial index. Succeeded jobs have none, since most jobs end so.
const counts = (["queued", "running", "failed", "cancelled"] as const).map((status) => ({
  status,
  select: query<Tables>()((db) =>
    db
      .selectFrom("jobs")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("status", "=", sql.lit<JobStatus>(status)),
  ),
}));
const countAll = query<Tables>()((db) =>
  db.selectFrom("jobs").select(({ fn }) => fn.countAll<number>().as("count")),
);
const oldestQueued = query<Tables>()((db) =>
  db
    .selectFrom("jobs")
    .select(({ fn }) => fn.min("run_at").as("run_at"))
    .where("status", "=", sql.lit<JobStatus>("queued")),
);
const priorityBelow = query<Tables, { workflow_id: string; below: number }>()((db, p) =>
  db
    .selectFrom("jobs")
    .select("priority")
    .where("status", "=", sql.lit<JobStatus>("queued"))
    .where("workflow_id", "=", p.workflow_id)
    .where("priority", "<", p.below)
    .orderBy("priority", "desc")
    .limit(1),
);
const nextOfPriority = query<Tables, { workflow_id: string; priority: number; now: string }>()((db, p) =>
  db
    .selectFrom("jobs")
    .select("run_at")
    .where("status", "=", sql.lit<JobStatus>("queued"))
    .where("workflow_id", "=", p.workflow_id)
    .where("priority", "=", p.priority)
    .where("run_at", ">", p.now)
    .orderBy("run_at")
    .limit(1),
);
const lastOfWorkflow = query<Tables, { workflow_id: string; limit: number }>()((db, p) =>
  db
    .selectFrom("jobs")
    .select(["status", "run_at", "started_at", "finished_at"])
    .where("workflow_id", "=", p.workflow_id)
    .where("finished_at", "is not", null)
    .orderBy("id", "desc")
    .limit(p.limit),
);
/** Figures of jobs, for dashboards and alarms. */
export function jobFigures(read: Read<Tables>) {
  return {
    /** The number of jobs in each status. */
    async countJobs(): Promise<Readonly<Record<JobStatus, number>>> {
      const found = Object.fromEntries(STATUSES.map((status) => [status, 0])) as Record<JobStatus, number>;
      let others = 0;
      for (const { status, select } of counts) {
        found[status] = (await read.get(select, {}))?.count ?? 0;
        others += found[status];
      }
      found.succeeded = ((await read.get(countAll, {}))?.count ?? 0) - others;
      return found;
    },
    /** The earliest `run_at` of all queued jobs; nothing when the queue is empty. */
    async oldestQueuedAt(): Promise<string | undefined> {
      return (await read.get(oldestQueued, {}))?.run_at ?? undefined;
    },
    /** The earliest `run_at` after `now` of a workflow's queued jobs; nothing when none is delayed. */
    async nextJobAt(workflow_id: string, now: string): Promise<string | undefined> {
      let earliest: string | undefined;
      // By priority, as the index is ordered: the cost grows with the priorities in use, and not with the queue.
      for (let below = ABOVE_ALL_PRIORITIES; ; ) {
        const priority = (await read.get(priorityBelow, { workflow_id, below }))?.priority;
        if (priority === undefined) return earliest;
        const run_at = (await read.get(nextOfPriority, { workflow_id, priority, now }))?.run_at;
        if (run_at !== undefined && (earliest === undefined || run_at < earliest)) earliest = run_at;
        below = priority;
      }
    },
    /** Figures of the jobs of a workflow that ended last, at most `limit` (1,000 by default). */
    async getWorkflowInsight(workflow_id: string, limit = 1_000): Promise<WorkflowInsight> {
      const rows = await read.all(lastOfWorkflow, { workflow_id, limit });
      const started = rows.filter((row) => row.started_at !== null);
      const wait = spread(started.map((row) => between(row.run_at, row.started_at)));
      const run = spread(started.map((row) => between(row.started_at, row.finished_at)));
      const count = (status: JobStatus): number => rows.filter((row) => row.status === status).length;
      return {
        workflow_id,
        jobs: rows.length,
        succeeded: count("succeeded"),
        failed: count("failed"),
        cancelled: count("cancelled"),
        ...(wait === undefined ? {} : { wait_ms: wait }),
        ...(run === undefined ? {} : { run_ms: run }),
      };
    },
  };
}

function between(from: string | null, to: string | null): number {
  return Math.max(0, Date.parse(to ?? "") - Date.parse(from ?? ""));
}

function spread(values: readonly number[]): Spread | undefined {
  const ascending = values.filter((value) => !Number.isNaN(value)).toSorted((left, right) => left - right);
  const at = (percent: number): number | undefined =>
    ascending[Math.max(1, Math.ceil((percent / 100) * ascending.length)) - 1];
  const p50 = at(50);
  const p99 = at(99);
  const max = at(100);
  return p50 === undefined || p99 === undefined || max === undefined ? undefined : { p50, p99, max };
}
