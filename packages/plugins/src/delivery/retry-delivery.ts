import { isoTime } from "@atlas/core";
import type { PluginFailure } from "../calling/failure.ts";
import { type RetryPolicy, retryDelayMs } from "../contract/retry.ts";
import type { FailedDeliveryStatus } from "../module/tables.ts";

/** What becomes of an event after a failed delivery. */
export interface NextDelivery {
  readonly status: FailedDeliveryStatus;
  /** When it is delivered again; without meaning for a dead letter. */
  readonly next_at: string;
  readonly pauseMs: number;
}

// 59 pauses of at least half of 1 s, 2 s, 4 s … 1 h are a little more than 24 hours.
const DEFAULT_ATTEMPTS = 60;
const DEFAULT_MAX_DELAY_MS = 60 * 60 * 1_000;

/** Decides when a failed delivery is repeated, or that it is a dead letter. `attempts` counts the calls so far. */
export function nextDelivery(
  { retryable, retryAfterMs = 0 }: Pick<PluginFailure, "retryable" | "retryAfterMs">,
  attempts: number,
  policy: RetryPolicy,
  at: { readonly now: number; readonly random: number },
): NextDelivery {
  const { maxAttempts = DEFAULT_ATTEMPTS, maxDelayMs = DEFAULT_MAX_DELAY_MS } = policy;
  // Half of the pause is certain, so that a sink that is down is not called again at once.
  const random = 0.5 + at.random / 2;
  const delayMs = retryDelayMs(Math.max(1, attempts), { policy: { ...policy, maxDelayMs }, random });
  const pauseMs = Math.max(retryAfterMs, delayMs);
  return {
    status: retryable && attempts < maxAttempts ? "retrying" : "dead",
    next_at: isoTime(at.now + pauseMs),
    pauseMs,
  };
}
