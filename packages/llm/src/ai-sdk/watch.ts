import type { Clock } from "@atlas/routing";

/** Watches a stream: its first part, and the pause before each further one. */
export interface Watch {
  /** Aborted with the call, and when a part takes too long. */
  readonly signal: AbortSignal;
  /** Set once a part has taken too long. */
  readonly timeout: DOMException | undefined;
  /** A part has come. */
  seen(): void;
  /** The work's result, or the reason of the abort, whichever comes first. */
  whileWaiting<Result>(work: PromiseLike<Result>): Promise<Result>;
  onAbort(listener: (reason: unknown) => void): void;
  end(): void;
}

/** Begins to watch. */
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
  let timeout: DOMException | undefined;

  const follow = (): void => controller.abort(call.reason);
  if (call.aborted) follow();
  else call.addEventListener("abort", follow, { once: true });

  // One timer looks whether something came meanwhile: starting one for each part would cost more than the part.
  let cancel = clock.after(firstPartMs, look);
  function look(): void {
    const waitedMs = lastSeenAt === undefined ? firstPartMs : clock.monotonic() - lastSeenAt;
    const limitMs = lastSeenAt === undefined ? firstPartMs : idleMs;
    if (waitedMs < limitMs) {
      cancel = clock.after(limitMs - waitedMs, look);
      return;
    }
    const what = lastSeenAt === undefined ? "Its stream did not begin" : "Its stream did not go on";
    timeout = new DOMException(`${what} within ${limitMs} ms.`, "TimeoutError");
    controller.abort(timeout);
  }

  return {
    signal,
    get timeout() {
      return timeout;
    },
    seen() {
      lastSeenAt = clock.monotonic();
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
