import { setImmediate as turn } from "node:timers/promises";
import { type CoreTables, type JobStatus, type Placeholders, query, type Read } from "@atlas/core";
import { sql } from "@atlas/core/internal";
import type { ReadonlyKysely } from "kysely/readonly";
import type { PluginsTables } from "./tables.ts";

/** The queued jobs of a workflow. */
export interface QueueDepth {
  readonly workflow_id: string;
  /** Jobs that are due. */
  readonly ready: number;
  /** Jobs with a later `run_at`: delayed, before their next attempt, or parked. */
  readonly delayed: number;
  /** The `run_at` of the job that has been due for longest; absent when none is. */
  readonly oldest_ready_at?: string;
}

type Tables = PluginsTables & CoreTables;

/** After which job of a workflow and a priority to count. */
interface Place {
  readonly workflow_id: string;
  readonly priority: number;
  readonly run_at: string;
  readonly id: string;
}

const START = { run_at: "", id: "" };
// A job's priority is a million at most.
const ABOVE_ALL_PRIORITIES = 1_000_001;
// Half a millisecond of work, and some when nothing is in the cache.
const COUNTED_AT_ONCE = 2_000;

const nextWorkflow = query<Tables, { after: string }>()((db, p) =>
  db
    .selectFrom("jobs")
    .select("workflow_id")
    .where("status", "=", sql.lit<JobStatus>("queued"))
    .where("workflow_id", ">", p.after)
    .orderBy("workflow_id")
    .limit(1),
);
const nextPriority = query<Tables, { workflow_id: string; below: number }>()((db, p) =>
  db
    .selectFrom("jobs")
    .select("priority")
    .where("status", "=", sql.lit<JobStatus>("queued"))
    .where("workflow_id", "=", p.workflow_id)
    .where("priority", "<", p.below)
    .orderBy("priority", "desc")
    .limit(1),
);
const first = query<Tables, Place>()((db, p) =>
  queuedAfter(db, p).select("run_at").orderBy("run_at").limit(1),
);
const pageEnd = query<Tables, Place>()((db, p) =>
  queuedAfter(db, p)
    .select(["run_at", "id"])
    .orderBy("run_at")
    .orderBy("id")
    .limit(1)
    .offset(COUNTED_AT_ONCE - 1),
);
const restOf = query<Tables, Place>()((db, p) =>
  queuedAfter(db, p).select(({ fn }) => fn.countAll<number>().as("count")),
);
const dueOf = query<Tables, Place & { readonly now: string }>()((db, p) =>
  queuedAfter(db, p)
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .where("run_at", "<=", p.now),
);

/** Queries on how much waits in the queue. */
export function queueDepths(read: Read<Tables>) {
  return {
    /**
     * The queued jobs of each workflow that has some, by workflow id. It reads an index entry by entry, with turns of the event loop in
     * between: jobs that move meanwhile may be counted twice or not at all.
     */
    async listQueueDepths(now: string): Promise<readonly QueueDepth[]> {
      const depths: QueueDepth[] = [];
      for (let after = ""; ; ) {
        const workflow_id = (await read.get(nextWorkflow, { after }))?.workflow_id;
        if (workflow_id === undefined) return depths;
        depths.push(await depthOf(workflow_id, now));
        after = workflow_id;
      }
    },
  };

  async function depthOf(workflow_id: string, now: string): Promise<QueueDepth> {
    let ready = 0;
    let delayed = 0;
    let oldest: string | undefined;
    // By priority, as the index is ordered.
    for (let below = ABOVE_ALL_PRIORITIES; ; ) {
      const priority = (await read.get(nextPriority, { workflow_id, below }))?.priority;
      if (priority === undefined) break;
      const run_at = (await read.get(first, { workflow_id, priority, ...START }))?.run_at;
      if (run_at !== undefined && run_at <= now && (oldest === undefined || run_at < oldest)) oldest = run_at;
      const counted = await countOf({ workflow_id, priority }, now);
      ready += counted.ready;
      delayed += counted.delayed;
      below = priority;
    }
    return { workflow_id, ready, delayed, ...(oldest === undefined ? {} : { oldest_ready_at: oldest }) };
  }

  /** Counts page by page. */
  async function countOf(
    of: { readonly workflow_id: string; readonly priority: number },
    now: string,
  ): Promise<{ readonly ready: number; readonly delayed: number }> {
    let ready = 0;
    let queued = 0;
    for (let after = START; ; ) {
      const place = { ...of, ...after };
      const end = await read.get(pageEnd, place);
      const count = end === undefined ? ((await read.get(restOf, place))?.count ?? 0) : COUNTED_AT_ONCE;
      queued += count;
      if (end !== undefined && end.run_at <= now) ready += count;
      else ready += (await read.get(dueOf, { ...place, now }))?.count ?? 0;
      await turn();
      if (end === undefined) return { ready, delayed: queued - ready };
      after = end;
    }
  }
}

/** The jobs of one priority that come after one of them in the index. */
function queuedAfter(db: ReadonlyKysely<Tables>, p: Omit<Placeholders<Place>, "columns">) {
  return db
    .selectFrom("jobs")
    .where("status", "=", sql.lit<JobStatus>("queued"))
    .where("workflow_id", "=", p.workflow_id)
    .where("priority", "=", p.priority)
    .where(sql<boolean>`(run_at, id) > (${p.run_at}, ${p.id})`);
}
