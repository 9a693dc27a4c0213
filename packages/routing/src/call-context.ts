/**
 * Who and what a call belongs to. It flows from a caller through every layer into logs, traces and evidence, and is never sent
 * to a model or an agent. It has the same shape as the call context of `@atlas/core`, so either fits both.
 */
export interface CallContext {
  /** Who caused the call, such as `user:ada` or `workflow:brainstorm.v1#j1`. */
  readonly actor?: string;
  /** Ties together everything that one request led to. */
  readonly correlation_id?: string;
  readonly tenant?: string;
  /** The span that the call belongs to, as a `traceparent` of W3C Trace Context. */
  readonly traceparent?: string;
  readonly job_id?: string;
  readonly workflow_id?: string;
  /** The attempt of the job, from 1. */
  readonly attempt?: number;
}
