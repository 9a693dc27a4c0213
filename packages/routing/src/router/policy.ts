/** How patient a router is. All times are milliseconds. */
export interface RoutingPolicy {
  /** For the whole call: all attempts and all waits share it. Default: 120,000. */
  readonly deadlineMs: number;
  /** For one attempt until it has begun to answer, so that one that hangs leaves time for the next. Default: 60,000. */
  readonly attemptMs: number;
  /** How often a candidate that is unavailable or rate limited is tried again within a call. Default: 2. */
  readonly retries: number;
  /** The longest pause before the first retry; it doubles with each, and the real pause is a random part of it. Default: 500. */
  readonly backoffMs: number;
  /** What that pause grows to at most. Default: 8,000. */
  readonly maxBackoffMs: number;
  /** The longest wait that a candidate may ask for while another one is ready. Default: 5,000. */
  readonly patienceMs: number;
  /** What a longer `Retry-After` is cut to. Default: 60,000. */
  readonly maxRetryAfterMs: number;
  /** Failures in a row after which a candidate is left alone. Default: 5. */
  readonly failuresToOpen: number;
  /** How long it is left alone then, and after a rate limit without a time. Default: 30,000. */
  readonly cooldownMs: number;
  /** How long a candidate is left alone whose key, name or address was refused. Default: 300,000. */
  readonly misconfiguredMs: number;
  /** Calls that one candidate answers at the same time; the others wait. Default: 10. */
  readonly concurrency: number;
  /** How long an aborted attempt may take to end by itself before it is left behind. Default: 0. */
  readonly abandonMs: number;
}

/** What holds where nothing else is said. */
export const defaultPolicy: RoutingPolicy = {
  deadlineMs: 120_000,
  attemptMs: 60_000,
  retries: 2,
  backoffMs: 500,
  maxBackoffMs: 8_000,
  patienceMs: 5_000,
  maxRetryAfterMs: 60_000,
  failuresToOpen: 5,
  cooldownMs: 30_000,
  misconfiguredMs: 300_000,
  concurrency: 10,
  abandonMs: 0,
};
