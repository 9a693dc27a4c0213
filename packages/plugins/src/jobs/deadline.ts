import type { Clock, Job } from "@atlas/core";
import { PluginError } from "../contract/errors.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import { DEFAULT_TIMEOUT_MS, GRACE_MS, type JobAttempt } from "./attempt.ts";

/** Ends an attempt at the deadline of its job, at once when that has passed. Call what it returns when the attempt has ended. */
export function endByDeadline(
  clock: Clock,
  of: { readonly job: Job; readonly workflow: WorkflowPlugin; readonly attempt: JobAttempt },
): () => void {
  const { job, workflow, attempt } = of;
  const { id, deadline_at } = job;
  if (deadline_at === undefined) return () => undefined;
  const leftMs = Date.parse(deadline_at) - clock.now();
  // The attempt's own time limit comes first.
  if (leftMs >= (workflow.timeoutMs ?? DEFAULT_TIMEOUT_MS)) return () => undefined;
  const end = (): void =>
    attempt.abort(
      new PluginError(
        "ATLAS_PLUGINS_DEADLINE",
        { id, deadline_at },
        `The job "${id}" did not end by its deadline, ${deadline_at}. Create another job, with a later deadline_at.`,
      ),
      GRACE_MS,
    );
  if (leftMs > 0) return clock.after(leftMs, end);
  end();
  return () => undefined;
}
