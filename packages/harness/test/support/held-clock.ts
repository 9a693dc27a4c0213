import { type Clock, systemClock } from "@atlas/routing";

/** The clock of the machine, on which timers of some delays wait until a test fires them. */
export interface HeldClock {
  readonly clock: Clock;
  /** Calls what waits for a timer of this delay. */
  fire(delayMs: number): void;
}

/** Holds timers of these delays. A test fires one when the program has said that it is ready for it, however busy the machine is. */
export function createHeldClock(...delaysMs: readonly number[]): HeldClock {
  const held = new Map<() => void, number>();
  return {
    clock: {
      ...systemClock,
      after(delayMs, callback) {
        if (!delaysMs.includes(delayMs)) return systemClock.after(delayMs, callback);
        held.set(callback, delayMs);
        return () => void held.delete(callback);
      },
    },
    fire(delayMs) {
      for (const [callback, heldMs] of [...held]) if (heldMs === delayMs && held.delete(callback)) callback();
    },
  };
}
