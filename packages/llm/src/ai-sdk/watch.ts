import type { Clock } from "@atlas/routing";

/** Limits the time until the first part of a stream, and the pause before each further part. */
export interface Watch {
  /** Aborted with the call, and when a part does not come in time. */
  readonly signal: AbortSignal;
  /** Set once a part has not come in time. */
  readonly timeout: DOMException | undefined;
  /** Notes that a part has arrived, or that the reader has taken it: the time until the next part begins. */
  seen(): void;
  /** Stops the time until the next {@link Watch.seen}, because the reader is what is waited for. */
  hold(): void;
  /** Settles with the work, or rejects with the reason of an abort, whichever comes first. */
  whileWaiting<Result>(work: PromiseLike<Result>): Promise<Result>;
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
  let timeout: DOMException | undefined;

  const follow = (): void => controller.abort(call.reason);
  if (call.aborted) follow();
  else call.addEventListener("abort", follow, { once: true });

  // A single timer checks whether a part has arrived meanwhile, because a new timer for each part would cost more than the part.
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
    controller.abort(timeout);
  }

  return {
    signal,
    get timeout() {
      return timeout;
    },
    seen() {
      isHeld = false;
      lastSeenAt = clock.monotonic();
    },
    hold() {
      isHeld = true;
    },
    whileWaiting: (work) =>
      new Promise((resolve, reject) => {
        const leave = (): void => reject(signal.reason);
        if (signal.aborted) return leave();
        signal.addEventListener("abort", leave, { once: true });
        work.then(resolve, reject);
      }),
    onAbort(listener) {
      signal.addEventListener("abort", () => listener(signal.reason), { once: true });
    },
    end() {
      cancel();
      call.removeEventListener("abort", follow);
    },
  };
}
