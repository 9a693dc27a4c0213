/** How fast a candidate began to answer lately: a moving average that follows changes within a few calls. */
export interface Latency {
  readonly averageMs: number;
  /** The time of the last observation, in monotonic milliseconds. */
  readonly at: number;
}

const NEWEST_SHARE = 0.3;
const FORGOTTEN_AFTER_MS = 300_000;

/** Returns the latency after one more observation. */
export function observed(latency: Latency | undefined, durationMs: number, now: number): Latency {
  const before = latencyAt(latency, now);
  const averageMs = before === undefined ? durationMs : before + NEWEST_SHARE * (durationMs - before);
  return { averageMs, at: now };
}

/** The average, or `undefined` if nothing was observed for five minutes: a candidate that was slow then may be fast now. */
export function latencyAt(latency: Latency | undefined, now: number): number | undefined {
  return latency === undefined || now - latency.at > FORGOTTEN_AFTER_MS ? undefined : latency.averageMs;
}
