import { type CoreTables, type JobStatus, query, type Read } from "@atlas/core";
import { sql } from "kysely";
import type { PluginsTables } from "./tables.ts";

/** How the jobs of one workflow went lately. */
export interface WorkflowInsight {
  readonly workflow_id: string;
  /** How many jobs this is about: the newest that are over, at most as many as asked for. */
  readonly jobs: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  /** From the time when the job was due to the start of its last attempt. Nothing without jobs. */
  readonly wait_ms?: Spread;
  /** From the start of the last attempt to its end. Nothing without jobs. */
  readonly run_ms?: Spread;
}

/** Half of the values, all but one of a hundred, and the greatest, in milliseconds. */
export interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** How far a sink is behind. */
export interface SinkLag {
  readonly sink_id: string;
  /** The number of the last event that it has passed. */
  readonly event_seq: number;
  /** Events after that one. */
  readonly behind: number;
  readonly retrying: number;
  readonly dead: number;
}

type Tables = PluginsTables & CoreTables;

const STATUSES: readonly JobStatus[] = ["queued", "running", "succeeded", "failed", "cancelled"];

// Each count but that of the succeeded reads a partial index; there is none for those, since most jobs end so.
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
const nextQueued = query<Tables, { now: string }>()((db, p) =>
  db
    .selectFrom("jobs")
    .select(({ fn }) => fn.min("run_at").as("run_at"))
    .where("status", "=", sql.lit<JobStatus>("queued"))
    .where("run_at", ">", p.now),
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
const lastEvent = query<Tables>()((db) =>
  db.selectFrom("domain_events").select(({ fn }) => fn.max("seq").as("seq")),
);
const eventSeqs = query<Tables, { type: string; after: number; limit: number }>()((db, p) =>
  db
    .selectFrom("domain_events")
    .select("seq")
    .where("seq", ">", p.after)
    .where("type", "=", p.type)
    .orderBy("seq")
    .limit(p.limit),
);
const exceptionCounts = query<Tables>()((db) =>
  db
    .selectFrom("plugins_sink_exceptions")
    .select(({ fn }) => ["sink_id", "status", fn.countAll<number>().as("count")])
    .groupBy(["sink_id", "status"]),
);
const sinkCursors = query<Tables>()((db) =>
  db
    .selectFrom("plugins_sink_cursors")
    .select(["sink_id", "event_seq"])
    // The place up to which all have had them is no sink's.
    .where("sink_id", "not like", "$%")
    .orderBy("sink_id"),
);

/** Questions about how things go, for dashboards, alarms and `health()`. */
export function insight(read: Read<Tables>) {
  const lastEventSeq = async (): Promise<number> => (await read.get(lastEvent, {}))?.seq ?? 0;

  return {
    /** How many jobs are in each status. */
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
    /** Since when the longest waiting job is due; nothing with an empty queue. */
    async oldestQueuedAt(): Promise<string | undefined> {
      return (await read.get(oldestQueued, {}))?.run_at ?? undefined;
    },
    /** The next time at which a delayed job is due. */
    async nextJobAt(now: string): Promise<string | undefined> {
      return (await read.get(nextQueued, { now }))?.run_at ?? undefined;
    },
    /** How the newest jobs of a workflow went that are over: the last 1,000, unless another number is given. */
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
    /** The number of the newest domain event; 0 without one. */
    lastEventSeq,
    /** The numbers of the events of one type, in order. It looks at every event after that number. */
    async listEventSeqs(options: {
      readonly type: string;
      readonly after: number;
      readonly limit: number;
    }): Promise<readonly number[]> {
      return (await read.all(eventSeqs, { ...options })).map(({ seq }) => seq);
    },
    /** How far each sink is behind. */
    async listSinkLags(): Promise<readonly SinkLag[]> {
      const last = await lastEventSeq();
      const exceptions = await read.all(exceptionCounts, {});
      const count = (sink: string, status: string): number =>
        exceptions.find((row) => row.sink_id === sink && row.status === status)?.count ?? 0;
      return (await read.all(sinkCursors, {})).map(({ sink_id, event_seq }) => ({
        sink_id,
        event_seq,
        behind: Math.max(0, last - event_seq),
        retrying: count(sink_id, "retrying"),
        dead: count(sink_id, "dead"),
      }));
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
