import type { Clock } from "@atlas/routing";
import { HarnessError, isHarnessError } from "../contract/errors.ts";

// So that a driver that keeps the limit itself can say more about it.
const SLACK_MS = 2_000;
// Ending all processes of a run takes up to 5 s, and finding the last of them a little more.
const ABANDON_MS = 20_000;

/**
 * Runs a driver within its time. After the signal or the time has ended it, the driver has 20 s to end its processes; one that does not
 * end is left behind.
 */
export async function withinLimits<Result>(
  limits: {
    readonly harness: string;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
    readonly clock: Clock;
  },
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { harness, timeoutMs, signal, clock } = limits;
  signal.throwIfAborted();
  const controller = new AbortController();
  const abandoned = Promise.withResolvers<never>();
  // Nobody waits for it once the work has ended.
  abandoned.promise.catch(() => undefined);
  let isOver = false;
  let cancelAbandon = (): void => undefined;
  const end = (reason: unknown): void => {
    if (controller.signal.aborted) return;
    controller.abort(reason);
    cancelAbandon = clock.after(ABANDON_MS, () => abandoned.reject(reason));
  };
  const follow = (): void => end(signal.reason);
  signal.addEventListener("abort", follow, { once: true });
  const cancelTimeout = clock.after(timeoutMs + SLACK_MS, () => {
    isOver = true;
    end(timedOut());
  });
  try {
    const result = await Promise.race([started(() => work(controller.signal)), abandoned.promise]);
    // What ends after its time may be half of a result.
    controller.signal.throwIfAborted();
    return result;
  } catch (error) {
    signal.throwIfAborted();
    throw isOver && !isHarnessError(error) ? timedOut() : error;
  } finally {
    cancelTimeout();
    cancelAbandon();
    signal.removeEventListener("abort", follow);
  }

  function timedOut(): HarnessError {
    return new HarnessError(
      "ATLAS_HARNESS_TIMED_OUT",
      { harness, timeoutMs },
      `"${harness}" did not end within ${timeoutMs} ms. Give it a smaller goal, or raise its limit.`,
    );
  }
}

/** Work that throws at once fails like work that throws later. */
async function started<Result>(work: () => Promise<Result>): Promise<Result> {
  return work();
}
