import type { Clock } from "../../src/index.ts";

/** A clock that jumps to the next timer as soon as nothing else is left to do. */
export interface VirtualClock extends Clock {
  /** Runs what is due, one timer after the other, until `work` has settled. */
  run<Result>(work: Promise<Result>): Promise<Result>;
  readonly timers: number;
}

export function createVirtualClock(): VirtualClock {
  let time = 0;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  return {
    now: () => Date.parse("2026-11-21T09:00:00.000Z") + time,
    monotonic: () => time,
    after(delayMs, callback) {
      const timer = { at: time + delayMs, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async run(work) {
      let isOver = false;
      const end = (): void => {
        isOver = true;
      };
      work.then(end, end);
      // One turn of the event loop lets every promise that can settle do so.
      for (await turn(); !isOver; await turn()) {
        const [next] = [...timers].sort((left, right) => left.at - right.at);
        if (next === undefined) throw new Error("Nothing is left that could happen.");
        timers.delete(next);
        time = Math.max(time, next.at);
        next.callback();
      }
      return work;
    },
    get timers() {
      return timers.size;
    },
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
