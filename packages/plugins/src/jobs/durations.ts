import { createHistogram } from "node:perf_hooks";

/** How long something took since the gateway was created. Percentiles are within 1 %; all figures are 0 before the first. */
export interface Durations {
  readonly count: number;
  readonly sumMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Records durations in constant memory, some 25 KB however many they are. */
export interface DurationRecorder {
  record(durationMs: number): void;
  durations(): Durations;
}

const LONGEST_MS = 366 * 24 * 60 * 60 * 1_000;

/** A recorder without a duration. */
export function createDurationRecorder(): DurationRecorder {
  // It counts from 1, so a duration is kept as one more than its whole milliseconds.
  const histogram = createHistogram({ lowest: 1, highest: LONGEST_MS, figures: 2 });
  let sumMs = 0;
  let maxMs = 0;

  return {
    record(durationMs) {
      const known = Math.min(Math.max(0, durationMs), LONGEST_MS - 1);
      histogram.record(Math.round(known) + 1);
      sumMs += known;
      maxMs = Math.max(maxMs, known);
    },
    durations() {
      const { count } = histogram;
      const percentile = (rank: number): number =>
        count === 0 ? 0 : Math.min(maxMs, histogram.percentile(rank) - 1);
      return {
        count,
        sumMs,
        p50Ms: percentile(50),
        p90Ms: percentile(90),
        p99Ms: percentile(99),
        maxMs,
      };
    },
  };
}
