import type { Clock } from "@atlas/core";

/** A clock that only the test moves. (The published one lives in a package that depends on this one.) */
export function createManualClock(start = Date.parse("2026-01-01T00:00:00.000Z")) {
  let elapsed = 0;
  let timers: { readonly dueAt: number; readonly callback: () => void }[] = [];
  const clock: Clock = {
    now: () => start + elapsed,
    monotonic: () => elapsed,
    after(delayMs, callback) {
      const timer = { dueAt: elapsed + delayMs, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
  };
  return {
    clock,
    advance(byMs: number) {
      elapsed += byMs;
      const due = timers.filter(({ dueAt }) => dueAt <= elapsed);
      timers = timers.filter(({ dueAt }) => dueAt > elapsed);
      for (const { callback } of due) callback();
    },
  };
}
