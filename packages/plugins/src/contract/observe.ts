import type { CallContext } from "@atlas/core";

/** A piece of work of a gateway, as something that observes it sees it: one call of a plugin, or one step of an attempt. */
export type Work =
  | {
      readonly kind: "job";
      readonly job_id: string;
      readonly workflow_id: string;
      readonly attempt: number;
      /** That of the job. */
      readonly context: CallContext;
    }
  | {
      /** With all its tries. A step whose result is stored is not run, and not observed. */
      readonly kind: "step";
      readonly name: string;
      readonly job_id: string;
      readonly attempt: number;
    }
  | {
      readonly kind: "delivery";
      readonly sink_id: string;
      readonly event_id: string;
      readonly event_type: string;
      readonly attempt: number;
      /** That of the event. */
      readonly context: CallContext;
    }
  | { readonly kind: "sync"; readonly source_id: string; readonly full: boolean };

/** How a piece of work ended. Only an attempt at a job ends with `waiting`, `interrupted` or `cancelled`. */
export interface WorkEnd {
  readonly status: "succeeded" | "failed" | "waiting" | "interrupted" | "cancelled";
  /** What was thrown, where it failed. */
  readonly error?: unknown;
  /** The status of the answer to a request. */
  readonly http_status?: number;
}

/**
 * Observes work: traces, times, profiles. It is called before the work and calls `run` at once, inside of whatever the work is to see, such as
 * an `AsyncLocalStorage`. `run` resolves with how the work ended, and never rejects. With a `traceparent`, the commands and jobs that the
 * work leads to carry it in their context.
 *
 * It can change nothing else. Whether it throws, never resolves, or does not call `run`, the work runs once and its result counts; nobody
 * waits for what it returns.
 */
export type Observe<Observed = Work> = (
  work: Observed,
  run: (traceparent?: string) => Promise<WorkEnd>,
) => unknown;
