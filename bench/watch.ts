/** What a piece of work did to its process. */
export interface Watched {
  readonly tookMs: number;
  /** The longest time in which the event loop ran nothing else. */
  readonly heldMs: number;
  /** The same by the processor's time of the thread: without waits for the disk, and without what others on the machine took. */
  readonly heldCpuMs: number;
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
  let heldCpuMs = 0;
  let last = performance.now();
  let lastCpu = cpuMs();
  const look = (): void => {
    const now = performance.now();
    heldMs = Math.max(heldMs, now - last - 1);
    last = now;
    const cpu = cpuMs();
    heldCpuMs = Math.max(heldCpuMs, cpu - lastCpu);
    lastCpu = cpu;
  };
  const timer = setInterval(look, 1);
  const sampler = setInterval(() => {
    peak = Math.max(peak, rss());
  }, 20);
  const startedAt = last;
  try {
    await work();
    look();
    return { tookMs: last - startedAt, heldMs, heldCpuMs, peakMib: Math.max(peak, rss()) - before };
  } finally {
    clearInterval(timer);
    clearInterval(sampler);
  }
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
