import type { Clock } from "../contract/clock.ts";
import type { Unit } from "../intake/unit.ts";

/** Units that a busy or full storage did not take. They stay first in line for the next attempt. */
export interface HeldUnits {
  readonly isEmpty: boolean;
  /** Milliseconds until the next attempt; 0 or less if it is due. */
  pauseMs(): number;
  /** Takes all of them, for an attempt or to reject them. */
  take(): Unit[];
  /** Keeps the units that have not waited too long, and returns those that have. */
  hold(units: readonly Unit[]): readonly Unit[];
  /** Enqueued before this time, on the monotonic clock, a unit has waited too long. */
  deadline(): number;
  /** Puts off the next attempt and returns by how many milliseconds. Each time in a row doubles the pause. */
  delay(): number;
  /** The storage works: the next pause is a short one. */
  reset(): void;
}

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/** Holds nothing at first. */
export function createHeldUnits(options: { readonly clock: Clock; readonly deadlineMs: number }): HeldUnits {
  const { clock, deadlineMs } = options;
  let held: Unit[] = [];
  let nextPauseMs = FIRST_PAUSE_MS;
  let retryAt = 0;

  const deadline = (): number => clock.monotonic() - deadlineMs;
  return {
    get isEmpty() {
      return held.length === 0;
    },
    pauseMs: () => retryAt - clock.monotonic(),
    take: () => held.splice(0),
    hold(units) {
      const oldest = deadline();
      held = units.filter((unit) => unit.waitingSince >= oldest);
      return units.filter((unit) => unit.waitingSince < oldest);
    },
    deadline,
    delay() {
      const pauseMs = nextPauseMs;
      retryAt = clock.monotonic() + pauseMs;
      nextPauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      return pauseMs;
    },
    reset() {
      nextPauseMs = FIRST_PAUSE_MS;
      retryAt = 0;
    },
  };
}
