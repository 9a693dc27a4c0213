import type { JobAttemptEnd } from "./attempt.ts";
import { createDurationRecorder, type Durations } from "./durations.ts";
import type { NextJobState } from "./job-state.ts";

/** What the runs of one workflow came to, since the gateway was created. */
interface RunFigures {
  /** Runs that are under way. */
  readonly running: number;
  /** Runs that succeeded, and with them their jobs. */
  readonly succeeded: number;
  /** Runs that failed. */
  readonly failed: number;
  /** Jobs that failed for good. */
  readonly failedJobs: number;
  /** Runs that ended in a wait. */
  readonly parked: number;
  /** Runs that a stop of the gateway or a cancel ended. */
  readonly interrupted: number;
  /** Runs that succeeded within the last minute. */
  readonly succeededPerMinute: number;
  /** Runs that failed within the last minute. */
  readonly failedPerMinute: number;
  /** From the `run_at` of a job to its first run. */
  readonly wait: Durations;
  /** From the claim of a run to its end. */
  readonly run: Durations;
}

/** Counts and times the runs of each workflow, in memory. */
export interface RunRecorder {
  /** Says that a run begins. The returned function says how it ended, if it ran. */
  begin(of: {
    readonly workflow_id: string;
    /** How long its job was due; absent unless it is its job's first run. */
    readonly waitMs: number | undefined;
  }): (end?: { readonly outcome: JobAttemptEnd["outcome"]; readonly next: NextJobState | undefined }) => void;
  figures(workflowId: string): RunFigures;
}

/** A recorder without runs. `monotonic` is that of the clock. */
export function createRunRecorder(monotonic: () => number): RunRecorder {
  const workflows = new Map<string, ReturnType<typeof createWorkflowFigures>>();
  const of = (id: string) => {
    const known = workflows.get(id) ?? createWorkflowFigures(monotonic);
    workflows.set(id, known);
    return known;
  };
  return {
    begin: ({ workflow_id, waitMs }) => of(workflow_id).begin(waitMs),
    figures: (workflowId) => of(workflowId).figures(),
  };
}

function createWorkflowFigures(monotonic: () => number) {
  const counts = { running: 0, succeeded: 0, failed: 0, failedJobs: 0, parked: 0, interrupted: 0 };
  const lastMinute = { succeeded: createMinute(monotonic), failed: createMinute(monotonic) };
  const wait = createDurationRecorder();
  const run = createDurationRecorder();

  return {
    begin(waitMs: number | undefined): ReturnType<RunRecorder["begin"]> {
      const beganAt = monotonic();
      counts.running += 1;
      return (end) => {
        counts.running -= 1;
        // Its job was moved before it could be claimed.
        if (end === undefined) return;
        if (waitMs !== undefined) wait.record(waitMs);
        run.record(monotonic() - beganAt);
        const { outcome, next } = end;
        if (outcome.status === "succeeded" || outcome.status === "failed") {
          counts[outcome.status] += 1;
          lastMinute[outcome.status].count();
        } else if (outcome.status === "waiting") counts.parked += 1;
        else counts.interrupted += 1;
        if (next?.status === "failed") counts.failedJobs += 1;
      };
    },
    figures: (): RunFigures => ({
      ...counts,
      succeededPerMinute: lastMinute.succeeded.total(),
      failedPerMinute: lastMinute.failed.total(),
      wait: wait.durations(),
      run: run.durations(),
    }),
  };
}

const SECONDS = 60;

/** Counts what happened within the last 60 seconds, in one number for each second. */
function createMinute(monotonic: () => number) {
  const counts = new Array<number>(SECONDS).fill(0);
  let last = 0;
  const advance = (): number => {
    const second = Math.floor(monotonic() / 1_000);
    for (let gone = Math.max(last + 1, second - SECONDS + 1); gone <= second; gone += 1)
      counts[gone % SECONDS] = 0;
    last = Math.max(last, second);
    return last % SECONDS;
  };
  return {
    count() {
      const at = advance();
      counts[at] = (counts[at] ?? 0) + 1;
    },
    total() {
      advance();
      return counts.reduce((sum, count) => sum + count, 0);
    },
  };
}
