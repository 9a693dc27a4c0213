/**
 * Does something now and again and again, each time after the one before has ended, and not while nobody looks at the page. It ends with
 * the signal. Failures are the work's own to show; after each the pause doubles, up to half a minute.
 *
 * @param {number} pauseMs
 * @param {AbortSignal} signal
 * @param {() => Promise<boolean>} work Resolves with whether it succeeded.
 */
export async function repeat(pauseMs, signal, work) {
  let failures = 0;
  while (!signal.aborted) {
    failures = (await work()) ? 0 : failures + 1;
    await pause(Math.min(30_000, pauseMs * 2 ** Math.min(failures, 5)), signal);
    await visible(signal);
  }
}

/**
 * Waits, at most until the signal.
 *
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function visible(signal) {
  return new Promise((resolve) => {
    if (!document.hidden || signal.aborted) return resolve();
    const over = new AbortController();
    const end = () => {
      over.abort();
      resolve();
    };
    document.addEventListener("visibilitychange", end, { signal: over.signal });
    signal.addEventListener("abort", end, { signal: over.signal });
  });
}
