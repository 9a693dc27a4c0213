/**
 * Why an attempt failed, in the words that decide what happens next:
 *
 * - `rate_limited`: asked too often (429). Wait where the wait is short, else go on.
 * - `unavailable`: overloaded, down or not reachable. Try again, then go on.
 * - `bad_response`: answered with what is not an answer. Try once more, then go on.
 * - `truncated`: the answer broke off. Go on.
 * - `timed_out`: no answer in time. Go on.
 * - `misconfigured`: key, name or address is refused. Go on; it stays out until somebody has looked.
 * - `rejected`: this request itself is refused. Go on only where the profile says so.
 * - `failed`: anything else. Go on.
 * - `aborted`: the caller gave up. Nothing is tried and nobody is blamed.
 */
export type FailureKind =
  | "rate_limited"
  | "unavailable"
  | "bad_response"
  | "truncated"
  | "timed_out"
  | "misconfigured"
  | "rejected"
  | "failed"
  | "aborted";

/** One try of one candidate. */
export interface Attempt {
  readonly candidate: string;
  readonly outcome: "answered" | FailureKind;
  /** How long nothing happened before it: for a pause after a failure, or for a free place. */
  readonly waitedMs: number;
  /** How long it took, without the wait. */
  readonly durationMs: number;
  /** What the candidate said of its failure, without secrets. */
  readonly message?: string;
  /** The failure's error code. */
  readonly code?: string;
  /** The status that the candidate's service answered with, as it came. */
  readonly status?: number;
  /** How long the candidate asked to be left alone. */
  readonly retryAfterMs?: number;
  /** It was asked again because its answer before did not fit. */
  readonly repair?: true;
}

/** A candidate that was not tried. */
export interface SkippedCandidate {
  readonly candidate: string;
  readonly reason: string;
}

/** The evidence of one call: who was asked, in which order, and what came of it. */
export interface Route {
  readonly profile: string;
  /** Who answered; absent where nobody did. */
  readonly candidate?: string;
  readonly attempts: readonly Attempt[];
  readonly skipped: readonly SkippedCandidate[];
  /** From the call to its end, with all waits. */
  readonly durationMs: number;
}
