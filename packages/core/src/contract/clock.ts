/** The only source of time in Atlas; give your own (see `@atlas/testing`) to make time stand still. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970 (UTC). It may jump; use it for what is stored. */
  now(): number;
  /** Milliseconds that only ever grow; use it for durations, timeouts and deadlines. */
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
