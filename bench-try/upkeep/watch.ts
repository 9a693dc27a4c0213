/** What a piece of work did to its process. */
export interface Watched {
  readonly tookMs: number;
  /** The longest time in which the event loop ran nothing else. */
  readonly heldMs: number;
  /** How much the process grew at its peak, all threads included. */
  readonly peakMib: number;
}

/** Runs `work` and watches the event loop and the memory beside it. */
export async function watch(work: () => Promise<unknown>): Promise<Watched> {
  globalThis.gc?.();
  const rss = (): number => process.memoryUsage.rss() / 1024 ** 2;
  const before = rss();
  let peak = before;
  let heldMs = 0;
  let last = performance.now();
  const look = (): void => {
    const now = performance.now();
    heldMs = Math.max(heldMs, now - last - 1);
    last = now;
  };
  const timer = setInterval(look, 1);
  const sampler = setInterval(() => {
    peak = Math.max(peak, rss());
  }, 20);
  const startedAt = last;
  try {
    await work();
    look();
    return { tookMs: last - startedAt, heldMs, peakMib: Math.max(peak, rss()) - before };
  } finally {
    clearInterval(timer);
    clearInterval(sampler);
  }
}
