import type { AttemptUsage, FailureKind, RejectionReason } from "./attempt.ts";
import type { RoutingPolicy } from "./policy.ts";

/** Why an attempt at a candidate failed, and what the candidate said about it. */
export interface CandidateFailure {
  readonly kind: FailureKind;
  /** Goes to logs and into the evidence, so it must not hold secrets. */
  readonly message: string;
  readonly code?: string;
  readonly status?: number;
  readonly retryAfterMs?: number;
  /** Why the candidate rejected the request, where it is known. A profile can name candidates for each reason. */
  readonly rejectedFor?: RejectionReason;
  /** What the failed attempt has used, if the candidate said so. */
  readonly usage?: AttemptUsage;
}

/** Everything that determines what happens after a failed attempt. */
export interface Situation {
  readonly failure: Pick<CandidateFailure, "kind" | "retryAfterMs">;
  /** The number of attempts at this candidate in this call, including this one. */
  readonly tries: number;
  /** A part of the answer has reached the caller. */
  readonly isCommitted: boolean;
  /** The time until the deadline of the call. */
  readonly remainingMs: number;
  readonly failsOverOnRejected: boolean;
  /** 0 ≤ x < 1: the share of the longest pause that is used (jitter). */
  readonly random: number;
  /** Retries of this candidate. */
  readonly retries: number;
  readonly policy: RoutingPolicy;
}

/** What happens after a failed attempt. */
export type Move =
  /** The candidate may be asked again after `waitMs`. If that is long and another is ready, the other is asked first. */
  | { readonly move: "retry"; readonly waitMs: number }
  | { readonly move: "fail_over" }
  | { readonly move: "stop" };

const stop: Move = { move: "stop" };
const failOver: Move = { move: "fail_over" };

/** Decides what happens after a failed attempt. It is a pure function. */
export function nextMove(situation: Situation): Move {
  const { failure, isCommitted, failsOverOnRejected, retries } = situation;
  // The caller has already seen a part of the answer, and the texts of two candidates are never joined.
  if (isCommitted) return stop;
  switch (failure.kind) {
    case "aborted":
      return stop;
    case "rejected":
      return failsOverOnRejected ? failOver : stop;
    case "misconfigured":
    case "truncated":
    case "timed_out":
    case "failed":
      return failOver;
    case "bad_response":
      return retryUpTo(Math.min(1, retries), situation);
    case "rate_limited":
    case "unavailable":
      return retryUpTo(retries, situation);
    default:
      return failure.kind satisfies never;
  }
}

function retryUpTo(retries: number, situation: Situation): Move {
  if (situation.tries > retries) return failOver;
  const waitMs = pauseOf(situation);
  return waitMs >= situation.remainingMs ? failOver : { move: "retry", waitMs };
}

/** The pause that the candidate asked for; otherwise exponential backoff with full jitter. */
function pauseOf({ failure: { retryAfterMs }, tries, random, policy }: Situation): number {
  if (retryAfterMs !== undefined) return Math.min(retryAfterMs, policy.maxRetryAfterMs);
  return Math.floor(random * Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** (tries - 1)));
}
