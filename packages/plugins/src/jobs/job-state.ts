import { isoTime, type Job, type JsonObject } from "@atlas/core";
import type { Failure } from "../calling/failure.ts";
import { type RetryPolicy, retryDelayMs } from "../contract/retry.ts";

/** How an attempt ended. */
export type AttemptOutcome =
  | { readonly status: "succeeded" }
  | { readonly status: "failed"; readonly failure: Failure }
  /** It waits, until then at the longest. */
  | { readonly status: "waiting"; readonly until?: string }
  /** The gateway stopped before the attempt was over. */
  | { readonly status: "interrupted" }
  /** The process ended in the middle of it, as it did in this many attempts just before. */
  | { readonly status: "orphaned"; readonly recoveries: number };

/** Where the job goes from there. */
export type NextJobState =
  | { readonly status: "succeeded" }
  | { readonly status: "failed"; readonly error: JsonObject }
  | { readonly status: "queued"; readonly run_at: string; readonly error?: JsonObject };

const DEFAULT_ATTEMPTS = 3;
const MAX_RECOVERIES = 2;
/** The `run_at` of a job that waits for something that has no time. */
const NEVER = "9999-12-31T23:59:59.999Z";

/**
 * Decides what becomes of a job after an attempt. A failure is tried again while attempts are left (the job's `max_attempts`,
 * then the policy's, then 3), after a random pause below an exponentially growing bound. Attempts that neither succeeded
 * nor failed are not counted (`uncounted` says how many there were); but a job in whose attempts the process ends three
 * times in a row has failed.
 */
export function nextJobState(
  job: Pick<Job, "id" | "attempt" | "max_attempts"> & { readonly uncounted?: number },
  outcome: AttemptOutcome,
  policy: RetryPolicy,
  at: { readonly now: number; readonly random: number },
): NextJobState {
  switch (outcome.status) {
    case "succeeded":
      return { status: "succeeded" };
    case "waiting":
      return { status: "queued", run_at: outcome.until ?? NEVER };
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
      return { status: "queued", run_at: isoTime(at.now + pauseMs), error };
    }
    default:
      return outcome satisfies never;
  }
}

function crashLoop(id: string, recoveries: number): JsonObject {
  return {
    code: "ATLAS_PLUGINS_CRASH_LOOP",
    message: `The process ended ${recoveries + 1} times in a row while job "${id}" ran. Redrive it when the cause is found.`,
  };
}
