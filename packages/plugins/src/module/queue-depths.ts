import { type CoreTables, type JobStatus, query, type Read } from "@atlas/core";
import { sql } from "kysely";
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

const nextWorkflow = query<Tables, { after: string }>()((db, p) =>
  db
    .selectFrom("jobs")
    .select("workflow_id")
    .where("status", "=", sql.lit<JobStatus>("queued"))
    .where("workflow_id", ">", p.after)
    .orderBy("workflow_id")
    .limit(1),
);
const depth = query<Tables, { workflow_id: string; now: string }>()((db, p) =>
  db
    .selectFrom("jobs")
    .select(({ fn }) => [
      fn.countAll<number>().as("queued"),
      sql<number>`coalesce(sum(run_at <= ${p.now}), 0)`.as("ready"),
      fn.min("run_at").as("first"),
    ])
    .where("status", "=", sql.lit<JobStatus>("queued"))
    .where("workflow_id", "=", p.workflow_id),
);

/** Queries on how much waits in the queue. */
export function queueDepths(read: Read<Tables>) {
  return {
    /** The queued jobs of each workflow that has some, by workflow id. It reads an index, entry by entry. */
    async listQueueDepths(now: string): Promise<readonly QueueDepth[]> {
      const depths: QueueDepth[] = [];
      for (let after = ""; ; ) {
        const workflow_id = (await read.get(nextWorkflow, { after }))?.workflow_id;
        if (workflow_id === undefined) return depths;
        const { queued = 0, ready = 0, first = null } = (await read.get(depth, { workflow_id, now })) ?? {};
        depths.push({
          workflow_id,
          ready,
          delayed: queued - ready,
          ...(first === null || first > now ? {} : { oldest_ready_at: first }),
        });
        after = workflow_id;
        // A turn for others: each of these may have counted many.
        await new Promise(setImmediate);
      }
    },
  };
}
