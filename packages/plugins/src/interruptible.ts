/**
 * Does a plugin's work, but waits for it no longer than until `signal` is aborted: then it rejects with the signal's
 * reason. Work that does not heed its own signal goes on unseen; its commands are refused.
 */
export function interruptible<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const interrupt = (): void => reject(signal.reason);
    signal.addEventListener("abort", interrupt);
    if (signal.aborted) interrupt();
    // A plugin may throw before it returns a promise.
    const working = (async () => work())();
    working.then(resolve, reject).finally(() => signal.removeEventListener("abort", interrupt));
  });
}
