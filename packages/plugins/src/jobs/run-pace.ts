/** Knows how long the runs of each workflow take, of late. */
export interface RunPace {
  ran(workflowId: string, durationMs: number): void;
  /** How many runs of the workflow are expected to end within {@link AHEAD_MS} when so many run at a time. 0 when they take longer. */
  ahead(workflowId: string, concurrency: number): number;
}

/** How long a job that is claimed ahead is to wait for its slot at most. It is about what a commit takes. */
const AHEAD_MS = 10;
/** However short they are: what a stop has to give back, and a commit to hold. */
const MOST_AHEAD = 250;
/** A workflow is taken to be slow until some 45 short runs in a row, also after a long one. */
const UNKNOWN_MS = 1_000;
const FORGET = 0.9;

/** A pace of unknown workflows. It follows a longer run at once, and shorter ones slowly. */
export function createRunPace(): RunPace {
  const slowestMs = new Map<string, number>();
  return {
    ran(workflowId, durationMs) {
      const before = slowestMs.get(workflowId) ?? UNKNOWN_MS;
      slowestMs.set(workflowId, Math.max(durationMs, Math.min(before, UNKNOWN_MS) * FORGET));
    },
    ahead(workflowId, concurrency) {
      const ms = slowestMs.get(workflowId) ?? UNKNOWN_MS;
      return ms > AHEAD_MS ? 0 : Math.min(MOST_AHEAD, Math.floor((concurrency * AHEAD_MS) / ms));
    },
  };
}
