import { createHistogram } from "node:perf_hooks";

/** The distribution of a value since the store was opened. */
export interface Distribution {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Records values and summarises them. Recording takes some hundred nanoseconds and no memory. */
export interface Recorder {
  record(value: number): void;
  distribution(): Distribution;
}

/** An empty histogram. `stepsPerUnit` says how fine it is: 1,000 keeps three decimals. */
export function createRecorder(stepsPerUnit: number): Recorder {
  // HdrHistogram, which Node brings: whole numbers from 1, with a relative error below a thousandth.
  const histogram = createHistogram();
  const scaled = (value: number): number => value / stepsPerUnit;
  return {
    record: (value) => histogram.record(Math.max(1, Math.round(value * stepsPerUnit))),
    distribution() {
      const { count } = histogram;
      const percentile = (rank: number): number => (count === 0 ? 0 : scaled(histogram.percentile(rank)));
      return {
        count,
        mean: count === 0 ? 0 : scaled(histogram.mean),
        p50: percentile(50),
        p90: percentile(90),
        p99: percentile(99),
        max: percentile(100),
      };
    },
  };
}
