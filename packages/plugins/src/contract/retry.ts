/** How often a failure is retried, and how long the pauses are: exponential backoff with jitter. */
export interface RetryPolicy {
  /**
   * Attempts in all, including the first. Default: 3 for a job or a step, 60 for an event at a sink. More attempts outlast longer outages and
   * report a permanent failure later. A source ignores it: it never gives up.
   */
  readonly maxAttempts?: number;
  /**
   * Longest pause after the first failure, in milliseconds. The bound doubles with each further failure. Default: 1,000. A smaller
   * value recovers sooner from a short failure and loads a struggling service more.
   */
  readonly firstDelayMs?: number;
  /**
   * Longest pause at all, in milliseconds. Default: 300,000 (5 min) for jobs, steps and sources, 3,600,000 (1 h) for sinks. A larger value
   * covers a longer outage with the same number of attempts, and notices later that it is over.
   */
  readonly maxDelayMs?: number;
}

const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 5 * 60 * 1_000;

/**
 * The pause after `failures` failures in a row, in milliseconds: `random` (0 ≤ x < 1) times a bound that grows exponentially. A
 * random pause keeps calls that failed together from coming back together.
 */
export function retryDelayMs(
  failures: number,
  options: { readonly policy?: RetryPolicy | undefined; readonly random: number },
): number {
  const { firstDelayMs = FIRST_DELAY_MS, maxDelayMs = MAX_DELAY_MS } = options.policy ?? {};
  const boundMs = Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(failures - 1, 60));
  return Math.floor(boundMs * options.random);
}
