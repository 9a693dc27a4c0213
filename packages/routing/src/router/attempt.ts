/**
 * Why an attempt failed. The kind decides what the router does next:
 *
 * - `rate_limited`: the candidate received too many requests (429). Wait if the wait is short; otherwise fail over.
 * - `unavailable`: the candidate is overloaded, down or unreachable. Retry, then fail over.
 * - `bad_response`: the response is not a valid answer. Retry once, then fail over.
 * - `truncated`: the answer broke off. Fail over.
 * - `timed_out`: no answer arrived in time. Fail over.
 * - `misconfigured`: the candidate refuses its key, model name or address. Fail over, and skip the candidate for some time.
 * - `rejected`: the candidate refuses this request. Fail over only if the profile allows it, or if the candidate lacks a
 *   feature that the request uses.
 * - `failed`: any other failure. Fail over.
 * - `aborted`: the caller gave up. The call ends, and no candidate is blamed.
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

/**
 * Why a candidate rejected a request: it was too long for the model, a content filter stopped it, or the candidate lacks a
 * feature that the request uses. After `unsupported` the next candidate is always asked, because it may have the feature.
 */
export type RejectionReason = "context_window" | "content_filter" | "unsupported";

/** What an attempt used, as the candidate counted it: an amount by name, such as `inputTokens`. */
export type AttemptUsage = Readonly<Record<string, number>>;

/** One attempt to get an answer from one candidate. */
export interface Attempt {
  readonly candidate: string;
  readonly outcome: "answered" | FailureKind;
  /** How long the call waited before the attempt: for a backoff, or for a free place, since the last attempt of the call. */
  readonly waitedMs: number;
  /** How long the attempt took, without the wait. */
  readonly durationMs: number;
  /** What the candidate said about its failure, without secrets. */
  readonly message?: string;
  /** The error code of the failure. */
  readonly code?: string;
  /** The HTTP status of the response, if there was one. */
  readonly status?: number;
  /** The pause that the candidate asked for. */
  readonly retryAfterMs?: number;
  /** Why the candidate rejected the request, where it is known. */
  readonly rejectedFor?: RejectionReason;
  /** What the attempt used, where it is known. Failed attempts cost money too. */
  readonly usage?: AttemptUsage;
  /** The attempt repairs an earlier answer that did not fit its schema. */
  readonly repair?: true;
}

/** A candidate that was not asked. */
export interface SkippedCandidate {
  readonly candidate: string;
  readonly reason: string;
}

/** The evidence of one call: which candidates were asked, in which order, and how each attempt ended. */
export interface Route {
  readonly profile: string;
  /** The candidate that answered; absent if none did. */
  readonly candidate?: string;
  readonly attempts: readonly Attempt[];
  readonly skipped: readonly SkippedCandidate[];
  /** The time of the whole call, with all waits. */
  readonly durationMs: number;
}
