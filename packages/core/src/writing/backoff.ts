/** Pauses between tries of something that fails, and whether a failure is news. */
export interface Backoff {
  /** Takes note of a failure. Returns the pause before the next try, in milliseconds. */
  failed(): number;
  /** Takes note of a success: the next failure is news again, and its pause is short. */
  succeeded(): void;
  /** How many failures there were in a row. */
  readonly failures: number;
}

const FIRST_MS = 100;
const LONGEST_MS = 30_000;

/**
 * A backoff that doubles with each failure, from 100 ms up to 30 s. It has no jitter: it stands between one process and its own
 * storage.
 */
export function createBackoff(): Backoff {
  let failures = 0;
  return {
    failed() {
      failures += 1;
      return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 30));
    },
    succeeded() {
      failures = 0;
    },
    get failures() {
      return failures;
    },
  };
}
