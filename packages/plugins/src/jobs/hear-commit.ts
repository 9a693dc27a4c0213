import type { CommittedBatch } from "@atlas/core";
import type { Claims } from "./claims.ts";
import type { JobRuns } from "./job-runs.ts";

/** Takes note of what a commit did to jobs. True when there may be a job to claim. */
export function hearCommit(
  { events }: Pick<CommittedBatch, "events">,
  {
    claims,
    runs,
  }: {
    readonly claims: Pick<Claims, "changed" | "due">;
    readonly runs: Pick<JobRuns, "workflowIdOf" | "cancel">;
  },
): boolean {
  let isReady = false;
  for (const { type, aggregate_id = "", payload, created_at } of events) {
    if (type === "job.created" || type === "job.requeued") {
      isReady = true;
      const { workflow_id = runs.workflowIdOf(aggregate_id), run_at } = payload;
      const of = typeof workflow_id === "string" ? workflow_id : undefined;
      // A delayed job changes nothing about those that are ready.
      if (typeof run_at === "string") claims.due(run_at, of);
      // A job that was put off may have been read while it was ready.
      const isPutOff =
        type === "job.requeued" && of === undefined && run_at !== undefined && String(run_at) > created_at;
      if (run_at === undefined || isPutOff) claims.changed(of);
    } else if (type === "job.cancelled") {
      if (!runs.cancel(aggregate_id)) claims.changed();
    } else if (type === "job.started") {
      // The host may have moved a job itself.
      if (runs.workflowIdOf(aggregate_id) === undefined) claims.changed();
    }
  }
  return isReady;
}
