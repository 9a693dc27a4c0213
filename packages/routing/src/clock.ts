/** The source of time for models and agents. Core declares the same shape; each fits where the other is asked for. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970 (UTC); it may jump. */
  now(): number;
  /** Milliseconds that only ever grow. */
  monotonic(): number;
  /** Calls `callback` once after `delayMs` and returns a function that cancels it. */
  after(delayMs: number, callback: () => void): () => void;
}

/** The clock of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
