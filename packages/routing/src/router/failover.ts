import type { FailureKind } from "./attempt.ts";
import type { RoutingPolicy } from "./policy.ts";

/** Why an attempt failed, and what its candidate said about it. */
export interface CandidateFailure {
  readonly kind: FailureKind;
  /** For people and for the evidence; without secrets. */
  readonly message: string;
  readonly code?: string;
  readonly status?: number;
  readonly retryAfterMs?: number;
}

/** Everything that decides what happens after a failed attempt. */
export interface Situation {
  readonly failure: Pick<CandidateFailure, "kind" | "retryAfterMs">;
  /** Attempts at this candidate in this call, this one included. */
  readonly tries: number;
  /** A part of the answer has reached the caller. */
  readonly isCommitted: boolean;
  /** Some candidate after this one could be asked. */
  readonly hasNext: boolean;
  /** Until the deadline of the call. */
  readonly remainingMs: number;
  readonly failsOverOnRejected: boolean;
  /** 0 ≤ x < 1: how much of the longest pause is used. */
  readonly random: number;
  readonly policy: RoutingPolicy;
}

/** What happens after a failed attempt. */
export type Move =
  | { readonly move: "retry"; readonly waitMs: number }
  | { readonly move: "fail_over" }
  | { readonly move: "stop" };

const stop: Move = { move: "stop" };
const failOver: Move = { move: "fail_over" };

/** Decides what happens after a failed attempt. The same situation always gives the same move. */
export function nextMove(situation: Situation): Move {
  const { failure, isCommitted, failsOverOnRejected, policy } = situation;
  // What the caller has seen cannot be taken back, and two candidates' texts are never joined.
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
      return retryUpTo(Math.min(1, policy.retries), situation);
    case "rate_limited":
    case "unavailable":
      return retryUpTo(policy.retries, situation);
    default:
      return failure.kind satisfies never;
  }
}

function retryUpTo(retries: number, situation: Situation): Move {
  const { failure, tries, hasNext, remainingMs, policy } = situation;
  if (tries > retries) return failOver;
  const waitMs = pauseOf(situation);
  const isTooLong = failure.retryAfterMs !== undefined && waitMs > policy.patienceMs && hasNext;
  return isTooLong || waitMs >= remainingMs ? failOver : { move: "retry", waitMs };
}

/** What the candidate asked for, or a random part of a pause that doubles with each try ("full jitter"). */
function pauseOf({ failure: { retryAfterMs }, tries, random, policy }: Situation): number {
  if (retryAfterMs !== undefined) return Math.min(retryAfterMs, policy.maxRetryAfterMs);
  return Math.floor(random * Math.min(policy.maxBackoffMs, policy.backoffMs * 2 ** (tries - 1)));
}
