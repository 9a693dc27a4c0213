import { handled } from "../calling/handled.ts";

/** The checkpoints of one sync: one after the other, and each only if those before it were stored. */
export interface Checkpoints {
  /** Stores a checkpoint after those before it. */
  add(store: () => Promise<void>): Promise<void>;
  /** Waits for all of them, also for those that nobody awaits; throws the first failure. */
  settled(): Promise<void>;
}

/**
 * The checkpoints of a sync. After a refused one no other is stored: its cursor would run ahead of the data that the refused one should
 * have committed.
 */
export function createCheckpoints(): Checkpoints {
  let last: Promise<void> = Promise.resolve();
  return {
    add(store) {
      last = handled(last.then(store));
      return last;
    },
    async settled() {
      for (let seen: Promise<void> | undefined; seen !== last; ) {
        seen = last;
        await seen;
      }
    },
  };
}
