import type { Clock } from "../contract/clock.ts";
import { createBackoff } from "./backoff.ts";

/** Runs rounds of work, one at a time. */
export interface Loop extends AsyncDisposable {
  /** Requests a round in the next turn of the event loop. Further calls before it share that round. */
  wake(): void;
  /** Runs a round now, after a round that is under way, and resolves when it has ended. */
  runOnce(): Promise<void>;
  /** Waits for the round under way and starts no other. Returns the same promise each time. */
  stop(): Promise<void>;
}

/**
 * Creates a loop that calls `tick` whenever it is woken. `tick` returns the delay to its next call in milliseconds (0: in
 * the next turn), or nothing to wait until the loop is woken. If it throws, the loop pauses before the next round, whoever wakes it:
 * 100 ms, and twice as long with each further failure, up to 30 s. `onError` gets the first error after a success, and each that says
 * something else than the one before.
 */
export function createLoop(options: {
  readonly tick: () => number | undefined | Promise<number | undefined>;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** Pause after a round that asked for none, in milliseconds. Default: until woken. */
  readonly idleMs?: number;
}): Loop {
  const { tick, clock, onError, idleMs } = options;
  let running: Promise<void> | undefined;
  let stopped: Promise<void> | undefined;
  let woken = false;
  let cancelNext: (() => void) | undefined;
  const backoff = createBackoff();
  let pauseMs: number | undefined;
  let said: string | undefined;

  const loop: Loop = {
    wake() {
      if (woken || stopped !== undefined) return;
      woken = true;
      if (running === undefined && pauseMs === undefined) schedule(0);
    },
    async runOnce() {
      while (running !== undefined) await running;
      if (stopped === undefined) await round();
    },
    stop() {
      stopped ??= (async () => {
        cancelNext?.();
        while (running !== undefined) await running;
      })();
      return stopped;
    },
    [Symbol.asyncDispose]: () => loop.stop(),
  };
  return loop;

  function schedule(delayMs: number): void {
    cancelNext?.();
    const start = (): void => {
      cancelNext = undefined;
      if (running === undefined && stopped === undefined) void round();
    };
    if (delayMs > 0) {
      cancelNext = clock.after(delayMs, start);
    } else {
      const immediate = setImmediate(start);
      cancelNext = () => clearImmediate(immediate);
    }
  }

  function round(): Promise<void> {
    cancelNext?.();
    cancelNext = undefined;
    woken = false;
    // `then` runs its callback in a later turn also when `tick` threw at once, so never before `running` is set.
    running = attempt().then(next, () => next(undefined));
    return running;
  }

  async function attempt(): Promise<number | undefined> {
    try {
      const nextMs = await tick();
      backoff.succeeded();
      pauseMs = undefined;
      said = undefined;
      return nextMs;
    } catch (error) {
      pauseMs = backoff.failed();
      const says = String(error);
      if (says !== said) {
        said = says;
        onError(error);
      }
      return undefined;
    }
  }

  function next(nextMs: number | undefined): void {
    running = undefined;
    if (stopped !== undefined) return;
    const delayMs = pauseMs ?? (woken ? 0 : (nextMs ?? idleMs));
    if (delayMs !== undefined) schedule(delayMs);
  }
}
