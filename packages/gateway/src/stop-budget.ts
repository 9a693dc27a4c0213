import type { Clock } from "@atlas/core";

/** The time that a gateway has to stop, from the call of `stop()` on. Its parts share it, so that together they keep to it. */
export interface StopBudget {
  /** How long a part may still take that is to be over at this share of the time, in milliseconds. */
  left(share: number): number;
  /** Waits for a part until this share of the time. False when it has not settled by then. Never rejects. */
  wait(share: number, part: Promise<unknown>): Promise<boolean>;
}

// What was ended from outside needs a few turns of the event loop to say so, also when there is no time at all.
const LEAST_MS = 100;

/** A budget of `graceMs` that begins now. */
export function createStopBudget({
  clock,
  graceMs,
}: {
  readonly clock: Clock;
  readonly graceMs: number;
}): StopBudget {
  const beganAt = clock.monotonic();
  const left = (share: number): number => Math.max(0, beganAt + graceMs * share - clock.monotonic());
  return {
    left,
    wait(share, part) {
      return new Promise((resolve) => {
        const cancel = clock.after(Math.max(LEAST_MS, left(share)), () => resolve(false));
        const settled = (): void => {
          cancel();
          resolve(true);
        };
        part.then(settled, settled);
      });
    },
  };
}
