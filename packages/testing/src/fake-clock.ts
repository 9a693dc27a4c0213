import type { Clock } from "@atlas/core";

/** A clock that stands still until it is told to go on. */
export interface FakeClock extends Clock {
  /** Moves both times on, and calls what falls due, in order. */
  advance(byMs: number): void;
  /** Sets the wall clock, forwards or backwards, as an administrator would; no timer falls due. */
  setWallClock(epochMs: number): void;
  /** How many timers wait. */
  readonly timers: number;
}

interface Timer {
  readonly dueAt: number;
  readonly callback: () => void;
}

/**
 * A clock for tests. It begins at `start`.
 *
 * @example
 * ```ts
 * const clock = createFakeClock();
 * let rang = false;
 * clock.after(1_000, () => { rang = true; });
 * clock.advance(1_000);
 * assert.equal(rang, true);
 * ```
 */
export function createFakeClock(start: string = "2026-01-01T00:00:00.000Z"): FakeClock {
  let wall = Date.parse(start);
  let monotonic = 0;
  const timers = new Set<Timer>();

  return {
    now: () => wall,
    monotonic: () => monotonic,
    after(delayMs, callback) {
      const timer = { dueAt: monotonic + delayMs, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(byMs) {
      const until = monotonic + byMs;
      for (let next = earliest(until); next !== undefined; next = earliest(until)) {
        wall += next.dueAt - monotonic;
        monotonic = next.dueAt;
        timers.delete(next);
        next.callback();
      }
      wall += until - monotonic;
      monotonic = until;
    },
    setWallClock(epochMs) {
      wall = epochMs;
    },
    get timers() {
      return timers.size;
    },
  };

  function earliest(until: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (timer.dueAt <= until && (first === undefined || timer.dueAt < first.dueAt)) first = timer;
    }
    return first;
  }
}
