/** The only source of time in Atlas. Tests pass a clock of their own, such as the one in `@atlas/testing`. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970 (UTC). It may jump. Use it for times that are stored. */
  now(): number;
  /** Milliseconds that never decrease. Use it for durations, timeouts and deadlines. */
  monotonic(): number;
  /** Calls `callback` once after `delayMs` and returns a function that cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The clock of this machine: `Date.now`, `performance.now` and `setTimeout`. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
