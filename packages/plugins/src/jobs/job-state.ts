import { isoTime, type Job, type JsonObject } from "@atlas/core";
import type { PluginFailure } from "../calling/failure.ts";
import { type RetryPolicy, retryDelayMs } from "../contract/retry.ts";

/** How an attempt ended. */
export type AttemptOutcome =
  | { readonly status: "succeeded" }
  | { readonly status: "failed"; readonly failure: PluginFailure }
  /** It waits, at most until `until`. */
  | { readonly status: "waiting"; readonly until?: string }
  /** The gateway stopped before the attempt ended. */
  | { readonly status: "interrupted" }
  /** The process ended during the attempt, as it did during `recoveries` runs just before. */
  | { readonly status: "orphaned"; readonly recoveries: number };

/** What becomes of the job. */
export type NextJobState =
  | { readonly status: "succeeded" }
  | { readonly status: "failed"; readonly error: JsonObject }
  | { readonly status: "queued"; readonly run_at: string; readonly error?: JsonObject };

const DEFAULT_ATTEMPTS = 3;
const MAX_RECOVERIES = 2;
/** The `run_at` of a job that waits for something without a time. */
const NEVER = "9999-12-31T23:59:59.999Z";

/**
 * Decides what becomes of a job after an attempt. A failure is retried with exponential backoff and jitter while attempts are left: the
 * job's `max_attempts`, else the policy's, else 3. Runs that neither succeeded nor failed (`uncounted` of them) use up no attempt, but a
 * job during which the process ends three times in a row has failed. No pause reaches beyond the deadline of the job.
 */
export function nextJobState(
  job: Pick<Job, "id" | "attempt" | "max_attempts" | "deadline_at"> & { readonly uncounted?: number },
  outcome: AttemptOutcome,
  policy: RetryPolicy,
  at: { readonly now: number; readonly random: number },
): NextJobState {
  switch (outcome.status) {
    case "succeeded":
      return { status: "succeeded" };
    case "waiting":
      return { status: "queued", run_at: byDeadline(outcome.until ?? NEVER, job) };
    case "interrupted":
      return { status: "queued", run_at: isoTime(at.now) };
    case "orphaned":
      return outcome.recoveries < MAX_RECOVERIES
        ? { status: "queued", run_at: isoTime(at.now) }
        : { status: "failed", error: crashLoop(job.id, outcome.recoveries) };
    case "failed": {
      const { error, retryable, retryAfterMs = 0 } = outcome.failure;
      const attempts = Math.max(1, job.attempt - (job.uncounted ?? 0));
      const allowed = job.max_attempts ?? policy.maxAttempts ?? DEFAULT_ATTEMPTS;
      if (!retryable || attempts >= allowed) return { status: "failed", error };
      const pauseMs = Math.max(retryAfterMs, retryDelayMs(attempts, { policy, random: at.random }));
      return { status: "queued", run_at: byDeadline(isoTime(at.now + pauseMs), job), error };
    }
    default:
      return outcome satisfies never;
  }
}

/** At its deadline a job is claimed in order to fail. */
function byDeadline(run_at: string, { deadline_at }: Pick<Job, "deadline_at">): string {
  return deadline_at !== undefined && deadline_at < run_at ? deadline_at : run_at;
}

function crashLoop(id: string, recoveries: number): JsonObject {
  return {
    code: "ATLAS_PLUGINS_CRASH_LOOP",
    message: `The process ended ${recoveries + 1} times in a row while the job "${id}" ran. Find the cause, then call jobs.redrive("${id}").`,
  };
}
