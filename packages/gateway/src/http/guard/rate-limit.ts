import type { Clock } from "@atlas/core";

/** Counts what different names do, and says when one of them does too much. */
export interface RateLimit {
  /** Counts one more of `name`. Returns 0 if it may, else after how many milliseconds it may again. */
  take(name: string): number;
}

// Older ones have their places back, or the memory of the process would be an attacker's to fill.
const MOST_NAMES = 10_000;

/** At most `max` in `windowMs`, refilled evenly; `Infinity` allows everything. */
export function createRateLimit(options: {
  readonly max: number;
  readonly windowMs: number;
  readonly clock: Clock;
}): RateLimit {
  const { max, windowMs, clock } = options;
  if (max === Number.POSITIVE_INFINITY) return { take: () => 0 };
  const perMs = max / windowMs;
  const buckets = new Map<string, { left: number; at: number }>();

  return {
    take(name) {
      const now = clock.monotonic();
      let bucket = buckets.get(name);
      if (bucket === undefined) {
        makeRoom();
        bucket = { left: max, at: now };
        buckets.set(name, bucket);
      }
      bucket.left = Math.min(max, bucket.left + (now - bucket.at) * perMs);
      bucket.at = now;
      if (bucket.left < 1) return Math.max(1, (1 - bucket.left) / perMs);
      bucket.left -= 1;
      return 0;
    },
  };

  function makeRoom(): void {
    if (buckets.size < MOST_NAMES) return;
    // A map keeps the order in which names came.
    const [oldest] = buckets.keys();
    if (oldest !== undefined) buckets.delete(oldest);
  }
}
