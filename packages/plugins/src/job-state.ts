import { isoTime, type Job, type JsonObject } from "@atlas/core";

/** How an attempt ended. */
export type AttemptOutcome =
  | { readonly status: "succeeded" }
  | { readonly status: "failed"; readonly error: JsonObject }
  /** The gateway stopped before the attempt was over: it does not count as a failure of the job. */
  | { readonly status: "interrupted" };

/** Where the job goes from there. */
export type NextJobState =
  | { readonly status: "succeeded" }
  | { readonly status: "failed"; readonly error: JsonObject }
  | { readonly status: "queued"; readonly run_at: string; readonly error?: JsonObject };

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 5 * 60 * 1_000;

/**
 * Decides what becomes of a job after an attempt: retried while it has attempts left (`max_attempts`, default 1), each time
 * after a random pause below an exponentially growing bound, and failed after that. `random` is 0 ≤ x < 1.
 */
export function nextJobState(
  job: Pick<Job, "attempt" | "max_attempts">,
  outcome: AttemptOutcome,
  at: { readonly now: number; readonly random: number },
): NextJobState {
  switch (outcome.status) {
    case "succeeded":
      return { status: "succeeded" };
    case "interrupted":
      return { status: "queued", run_at: isoTime(at.now) };
    case "failed": {
      if (job.attempt >= (job.max_attempts ?? 1)) return { status: "failed", error: outcome.error };
      const boundMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (job.attempt - 1));
      return {
        status: "queued",
        run_at: isoTime(at.now + Math.floor(boundMs * at.random)),
        error: outcome.error,
      };
    }
    default:
      return outcome satisfies never;
  }
}
