const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;

/** How long a client waits before the next attempt, where the server did not say. Half of it is chance, so that many do not come at once. */
export function backoffMs(attempt: number): number {
  const most = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
  return Math.round(most / 2 + (Math.random() * most) / 2);
}

/** Waits with a timer. Rejects with the reason of `signal`. */
export function waitWithTimer(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, waitMs);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
