import type { Clock } from "@atlas/core";

/** A clock that stands still until a test moves it. It fits everything in Atlas that takes a `clock`. */
export interface FakeClock extends Clock {
  /**
   * Moves the wall clock and the monotonic clock forward, then calls the timers that fell due, in their order. All of them
   * see the new time. Most of what they start is asynchronous and would see it anyway: a schedule that looks at the clock
   * twice a minute notices the time that you advanced to.
   */
  advance(byMs: number): void;
  /**
   * Jumps from timer to timer until `work` has settled, and resolves or rejects as it does. Use it for work that waits for
   * nothing but timers and promises; work that also waits for files or sockets would see time run ahead. Rejects if no
   * timer is left and `work` has not settled.
   */
  run<Result>(work: Promise<Result>): Promise<Result>;
  /** Sets the wall clock, forwards or backwards, as an administrator would. No timer falls due. */
  setWallClock(epochMs: number): void;
  /** The number of timers that have not been called or cancelled. */
  readonly timers: number;
}

interface Timer {
  readonly dueAt: number;
  readonly callback: () => void;
}

/**
 * A clock for tests. It begins at `start`, an ISO time. Throws a `TypeError` for a text that is no time.
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
  if (Number.isNaN(wall))
    throw new TypeError(
      `createFakeClock: "${start}" is not a time. Use an ISO time, such as "2026-01-01T00:00:00Z".`,
    );
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
      moveTo(monotonic + byMs);
      const due = [...timers].filter(({ dueAt }) => dueAt <= monotonic);
      for (const timer of due.sort((left, right) => left.dueAt - right.dueAt)) {
        if (timers.delete(timer)) timer.callback();
      }
    },
    async run(work) {
      let isOver = false;
      const end = (): void => {
        isOver = true;
      };
      work.then(end, end);
      for (await turn(); !isOver; await turn()) {
        const next = earliest();
        if (next === undefined) throw new Error("The work has not settled, and no timer is left to call.");
        moveTo(next.dueAt);
        timers.delete(next);
        next.callback();
      }
      return work;
    },
    setWallClock(epochMs) {
      wall = epochMs;
    },
    get timers() {
      return timers.size;
    },
  };

  /** A timer with a negative delay was due before it was set; the monotonic clock does not go back for it. */
  function moveTo(time: number): void {
    const next = Math.max(monotonic, time);
    wall += next - monotonic;
    monotonic = next;
  }

  function earliest(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of timers) {
      if (first === undefined || timer.dueAt < first.dueAt) first = timer;
    }
    return first;
  }
}

/** One turn of the event loop: every promise that can settle without a timer has settled after it. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
