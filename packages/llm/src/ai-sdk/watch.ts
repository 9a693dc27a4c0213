import type { Clock } from "@atlas/routing";
import { onSignOfLife } from "./signs-of-life.ts";

/**
 * Limits the time until the first sign of life of a stream, and the pause before each further one. A part is a sign, and so is
 * a line that a guarded fetch reads for the request: services send pings and comments while a model thinks.
 */
export interface Watch {
  /** Aborted with the call, and when a sign does not come in time. It goes with the request. */
  readonly signal: AbortSignal;
  /** Set once a sign has not come in time. */
  readonly timeout: DOMException | undefined;
  /** Notes that a part has arrived, or that the reader has taken it: the time until the next sign begins. */
  seen(): void;
  /** Stops the time until the next {@link Watch.seen}, because the reader is what is waited for. */
  hold(): void;
  /** Settles with the work, or rejects with the reason of an abort. What the work brings after an abort goes to `late`. */
  whileWaiting<Result>(work: PromiseLike<Result>, late?: (result: Result) => void): Promise<Result>;
  /** Calls `listener` when the signal is aborted, or now if it is. */
  onAbort(listener: (reason: unknown) => void): void;
  end(): void;
}

/** Starts to watch. */
export function createWatch(options: {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly firstPartMs: number;
  readonly idleMs: number;
}): Watch {
  const { clock, signal: call, firstPartMs, idleMs } = options;
  const controller = new AbortController();
  const { signal } = controller;
  let lastSeenAt: number | undefined;
  let isHeld = false;
  let isOver = false;
  let timeout: DOMException | undefined;

  const follow = (): void => controller.abort(call.reason);
  if (call.aborted) follow();
  else call.addEventListener("abort", follow, { once: true });
  onSignOfLife(signal, alive);

  // A single timer checks whether a sign has arrived meanwhile, because a new timer for each part would cost more than the part.
  let cancel = clock.after(firstPartMs, look);
  function look(): void {
    if (isHeld) {
      cancel = clock.after(idleMs, look);
      return;
    }
    const waitedMs = lastSeenAt === undefined ? firstPartMs : clock.monotonic() - lastSeenAt;
    const limitMs = lastSeenAt === undefined ? firstPartMs : idleMs;
    if (waitedMs < limitMs) {
      cancel = clock.after(limitMs - waitedMs, look);
      return;
    }
    const what =
      lastSeenAt === undefined ? "The stream did not begin" : "The stream paused and did not go on";
    timeout = new DOMException(`${what} within ${limitMs} ms.`, "TimeoutError");
    isOver = true;
    controller.abort(timeout);
  }

  function alive(): void {
    const isFirst = lastSeenAt === undefined;
    lastSeenAt = clock.monotonic();
    if (!isFirst || isOver || idleMs >= firstPartMs) return;
    // The timer would look only when the time for the first sign is over.
    cancel();
    cancel = clock.after(idleMs, look);
  }

  return {
    signal,
    get timeout() {
      return timeout;
    },
    seen() {
      isHeld = false;
      alive();
    },
    hold() {
      isHeld = true;
    },
    whileWaiting: (work, late) =>
      new Promise((resolve, reject) => {
        const leave = (): void => reject(signal.reason);
        signal.addEventListener("abort", leave, { once: true });
        if (signal.aborted) leave();
        work.then((result) => (signal.aborted ? late?.(result) : resolve(result)), reject);
      }),
    onAbort(listener) {
      if (signal.aborted) listener(signal.reason);
      else signal.addEventListener("abort", () => listener(signal.reason), { once: true });
    },
    end() {
      isOver = true;
      cancel();
      call.removeEventListener("abort", follow);
    },
  };
}
