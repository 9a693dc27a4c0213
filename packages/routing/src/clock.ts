/** The source of time for models and agents. It has the same shape as the clock of `@atlas/core`, so either fits both. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970 (UTC); it may jump. */
  now(): number;
  /** Milliseconds of a clock that never goes back. */
  monotonic(): number;
  /** Calls `callback` once after `delayMs` and returns a function that cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The longest delay of a timer, some 25 days. Node fires a longer one at once. */
export const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** The clock of the machine. A delay that is longer than 25 days, such as an infinite one, ends after them. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, Math.min(delayMs, LONGEST_DELAY_MS));
    return () => clearTimeout(timer);
  },
};
