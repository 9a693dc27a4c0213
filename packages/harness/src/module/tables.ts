import type { HarnessRunRecord } from "./run.ts";

/** The table of the tasks that jobs have given to coding agents. */
export interface HarnessTables {
  harness_runs: {
    job_id: string;
    /** The number of the attempt that gave the task. */
    attempt: number;
    /** The number of the task within its attempt, from 1. */
    number: number;
    at: string;
    mode: HarnessRunRecord["mode"];
    status: HarnessRunRecord["status"];
    profile: string | null;
    harness: string | null;
    model: string | null;
    session_id: string | null;
    exit_code: number | null;
    degraded: number;
    truncated: number;
    input_tokens: number | null;
    output_tokens: number | null;
    cached_input_tokens: number | null;
    reasoning_tokens: number | null;
    cost_microusd: number | null;
    duration_ms: number;
    error_code: string | null;
    correlation_id: string | null;
    goal: string | null;
    /** JSON: the files that were changed. */
    files: string;
    /** JSON: every attempt at an agent, in order. */
    tries: string;
    /** JSON: the agents that were skipped, and why. */
    skipped: string;
  };
}
