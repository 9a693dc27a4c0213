import { LONGEST_DELAY_MS } from "../clock.ts";

/** How long a router waits, how often it retries, and when it stops asking a candidate. All times are milliseconds. */
export interface RoutingPolicy {
  /**
   * Time for a whole call, shared by all attempts and waits (default 120,000). Lower it where a user waits; raise it for
   * long answers of slow models.
   */
  readonly deadlineMs: number;
  /**
   * Time for one attempt until it begins to answer (default 60,000). While another candidate is ready, an attempt gets at
   * most half of the time that is left of the call, so that a short deadline leaves time to fail over. Too low a value gives
   * up on slow models that would have answered.
   */
  readonly attemptMs: number;
  /**
   * Retries of a candidate that is unavailable or rate limited, within one call (default 2). More retries survive longer
   * outages of a single candidate, and fail over later.
   */
  readonly retries: number;
  /** The longest pause before the first retry (default 500). It doubles with each retry; a random part of it is waited. */
  readonly backoffMs: number;
  /** The upper bound of that pause (default 8,000). */
  readonly maxBackoffMs: number;
  /**
   * The longest time that a call waits, in all, for candidates while a later one is ready (default 5,000). Raise it to stay
   * with the preferred candidate; lower it to answer sooner; 0 fails over at once.
   */
  readonly patienceMs: number;
  /** The upper bound of a `Retry-After` (default 60,000). */
  readonly maxRetryAfterMs: number;
  /** The number of failures in a row after which calls skip a candidate (default 5). */
  readonly failuresToOpen: number;
  /**
   * A candidate is skipped, too, when a larger share of its recent attempts than this has failed (default 0.5). 1 switches the
   * rule off.
   */
  readonly failureShareToOpen: number;
  /** How many recent attempts that rule needs (default 10). A smaller number reacts sooner, and to chance. */
  readonly failureWindowCalls: number;
  /** How long an attempt counts as recent (default 60,000). It may be forgotten after half of that time. */
  readonly failureWindowMs: number;
  /**
   * How long calls skip it then, and after a rate limit that names no time (default 30,000). It doubles each time the
   * candidate fails again right after a pause. 0 switches these pauses off.
   */
  readonly cooldownMs: number;
  /** The upper bound of a cool-down that has grown (default 300,000). */
  readonly maxCooldownMs: number;
  /** How long calls skip a candidate that refused its key, model name or address (default 300,000). */
  readonly misconfiguredMs: number;
  /**
   * Calls that one candidate answers at the same time (default 10). Further calls go to the next ready candidate, or wait in
   * order if there is none. Raise it for throughput; lower it where a local model slows down.
   */
  readonly maxConcurrency: number;
  /** How long an aborted attempt may take to end by itself before the router stops waiting for it (default 0). */
  readonly abandonMs: number;
}

/** The policy of a router that overrides nothing. */
export const defaultPolicy: RoutingPolicy = {
  deadlineMs: 120_000,
  attemptMs: 60_000,
  retries: 2,
  backoffMs: 500,
  maxBackoffMs: 8_000,
  patienceMs: 5_000,
  maxRetryAfterMs: 60_000,
  failuresToOpen: 5,
  failureShareToOpen: 0.5,
  failureWindowCalls: 10,
  failureWindowMs: 60_000,
  cooldownMs: 30_000,
  maxCooldownMs: 300_000,
  misconfiguredMs: 300_000,
  maxConcurrency: 10,
  abandonMs: 0,
};

/** Completes a policy. Throws a `TypeError` unless every part is a number of 0 or more; an infinite one becomes 25 days. */
export function policyOf(given: Partial<RoutingPolicy> = {}): RoutingPolicy {
  const policy: RoutingPolicy = { ...defaultPolicy, ...given };
  for (const [name, value] of Object.entries(policy)) {
    checkNumber(`createRouter's policy: "${name}"`, value, name === "maxConcurrency" ? 1 : 0);
  }
  const capped = Object.entries(policy).map(
    ([name, value]) => [name, Math.min(value, LONGEST_DELAY_MS)] as const,
  );
  return { ...policy, ...Object.fromEntries(capped) };
}

/** Throws a `TypeError` unless `value` is a number of `least` or more. */
export function checkNumber(what: string, value: number | undefined, least: number): void {
  if (value === undefined || value >= least) return;
  throw new TypeError(`${what} must be a number of ${least} or more, but is ${String(value)}.`);
}
