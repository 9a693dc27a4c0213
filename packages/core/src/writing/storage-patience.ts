import type { Clock } from "../contract/clock.ts";
import { StorageTrouble } from "../file/storage-trouble.ts";
import { type Awaitable, isPending } from "./work.ts";

/** Bounds how long the flush loop waits for a storage that answers later. */
export interface StoragePatience {
  /**
   * Passes on an answer that is there at once. One that is not there within the deadline becomes a {@link StorageTrouble}: nobody can know
   * what the storage has done, or will still do.
   */
  wait<Value>(answer: Awaitable<Value>): Awaitable<Value>;
  /** From now on the wait for all answers together ends within so many milliseconds, however many there are. */
  endWithin(ms: number): void;
  /** True when the time of `endWithin` is over. */
  isOver(): boolean;
}

// A timer of Node that is longer fires at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Waits for each answer as long as `deadlineMs`. */
export function createStoragePatience(options: {
  readonly clock: Clock;
  readonly deadlineMs: number;
}): StoragePatience {
  const { clock, deadlineMs } = options;
  let endsAt = Number.POSITIVE_INFINITY;
  let setTimer: (() => void) | undefined;

  return {
    wait: (answer) => (isPending(answer) ? waitFor(answer) : answer),
    endWithin(ms) {
      endsAt = clock.monotonic() + ms;
      setTimer?.();
    },
    isOver: () => clock.monotonic() >= endsAt,
  };

  async function waitFor<Value>(answer: PromiseLike<Value>): Promise<Value> {
    const askedAt = clock.monotonic();
    const silence = Promise.withResolvers<never>();
    let cancelTimer = (): void => undefined;
    setTimer = () => {
      cancelTimer();
      const leftMs = Math.min(askedAt + deadlineMs, endsAt) - clock.monotonic();
      cancelTimer = clock.after(Math.min(Math.max(0, leftMs), LONGEST_TIMER_MS), () =>
        silence.reject(noAnswer(clock.monotonic() - askedAt)),
      );
    };
    setTimer();
    try {
      return await Promise.race([answer, silence.promise]);
    } finally {
      cancelTimer();
      setTimer = undefined;
    }
  }
}

function noAnswer(waitedMs: number): StorageTrouble {
  const cause = new Error(`The database gave no answer for ${Math.round(waitedMs)} ms`);
  return new StorageTrouble(cause, { kind: "failed", duringCommit: true });
}
