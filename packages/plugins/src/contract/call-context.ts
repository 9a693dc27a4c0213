/** Who and what a piece of work belongs to. It flows from a caller to everything that the call leads to. */
export interface CallContext {
  readonly actor?: string;
  readonly correlation_id?: string;
  readonly tenant?: string;
  readonly job_id?: string;
  readonly workflow_id?: string;
  readonly attempt?: number;
}
