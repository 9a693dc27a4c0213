/** How often something is tried again, and how long it waits before that. */
export interface RetryPolicy {
  /** Attempts in all, the first included. Default: 3 for a job, 10 for an event at a sink. */
  readonly maxAttempts?: number;
  /** Upper bound of the pause after the first failure, in milliseconds; it doubles with each further one. Default: 1,000. */
  readonly firstDelayMs?: number;
  /** Upper bound of every pause, in milliseconds. Default: 300,000 (five minutes). */
  readonly maxDelayMs?: number;
}

const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 5 * 60 * 1_000;

/**
 * The pause after `failures` failures in a row, in milliseconds: anywhere below a bound that grows exponentially ("full
 * jitter"), so that what failed together does not come back together. `random` is 0 ≤ x < 1.
 */
export function retryDelayMs(
  failures: number,
  options: { readonly policy?: RetryPolicy | undefined; readonly random: number },
): number {
  const { firstDelayMs = FIRST_DELAY_MS, maxDelayMs = MAX_DELAY_MS } = options.policy ?? {};
  const boundMs = Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(failures - 1, 60));
  return Math.floor(boundMs * options.random);
}
