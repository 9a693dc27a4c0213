import type { Clock } from "../../src/index.ts";

/** A clock that stands still until it is told otherwise. */
export interface FakeClock extends Clock {
  /** Lets this much time pass and calls what was due. */
  advance(ms: number): void;
  /** Sets the wall clock, forwards or back; the monotonic one does not notice. */
  setNow(epochMs: number): void;
  /** Callbacks that wait to be called. */
  readonly waiting: number;
}

export function createFakeClock(startAt: string = "2026-11-21T09:00:00.000Z"): FakeClock {
  let now = Date.parse(startAt);
  let monotonic = 0;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  return {
    now: () => now,
    monotonic: () => monotonic,
    after(delayMs, callback) {
      const timer = { at: monotonic + delayMs, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    advance(ms) {
      now += ms;
      monotonic += ms;
      for (const timer of [...timers].sort((left, right) => left.at - right.at)) {
        if (timer.at > monotonic || !timers.delete(timer)) continue;
        timer.callback();
      }
    },
    setNow(epochMs) {
      now = epochMs;
    },
    get waiting() {
      return timers.size;
    },
  };
}
