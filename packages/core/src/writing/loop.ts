import type { Clock } from "../contract/clock.ts";

/** Rounds of work, one at a time. */
export interface Loop extends AsyncDisposable {
  /** Asks for a round in the next turn of the event loop. Any number of calls before it make one round. */
  wake(): void;
  /** Does a round now, after the one that may be under way, and resolves when it is over. */
  runOnce(): Promise<void>;
  /** Lets the round under way end and does no other. Always the same promise. */
  stop(): Promise<void>;
}

/**
 * Calls `tick` whenever the loop is woken. `tick` returns how many milliseconds later it wants to be called again (0: in
 * the next turn), or nothing to wait until it is woken. A throw goes to `onError`, and the loop goes on.
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

  const loop: Loop = {
    wake() {
      if (woken || stopped !== undefined) return;
      woken = true;
      if (running === undefined) schedule(0);
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
      return await tick();
    } catch (error) {
      onError(error);
      return undefined;
    }
  }

  function next(nextMs: number | undefined): void {
    running = undefined;
    if (stopped !== undefined) return;
    const delayMs = woken ? 0 : (nextMs ?? idleMs);
    if (delayMs !== undefined) schedule(delayMs);
  }
}
