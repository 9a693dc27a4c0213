import type { JsonObject } from "../contract/json.ts";

/** What a move of a job tells: the attempt, if the mover named it, and the error that it gave. */
type JobMoved = { readonly attempt?: number; readonly error?: JsonObject };

/** The domain events of core's commands: what each type has. `aggregate_id` is the id of the job, artifact, entity or event. */
export interface CoreEvents {
  /** `run_at` is there for a job that starts later than it was created. */
  readonly "job.created": {
    readonly aggregate_id: string;
    readonly payload: { readonly workflow_id: string; readonly run_at?: string };
  };
  readonly "job.started": { readonly aggregate_id: string; readonly payload: JobMoved };
  /** `run_at` is there when the job does not run at once. */
  readonly "job.requeued": {
    readonly aggregate_id: string;
    readonly payload: JobMoved & { readonly run_at?: string };
  };
  readonly "job.succeeded": { readonly aggregate_id: string; readonly payload: JobMoved };
  readonly "job.failed": { readonly aggregate_id: string; readonly payload: JobMoved };
  readonly "job.cancelled": { readonly aggregate_id: string; readonly payload: JobMoved };
  /** `type` is that of the artifact. */
  readonly "artifact.created": {
    readonly aggregate_id: string;
    readonly payload: { readonly type: string; readonly job_id?: string };
  };
  readonly "artifact.updated": { readonly aggregate_id: string };
  /** `job_id` is there when the command named the job. */
  readonly "artifact.deleted": {
    readonly aggregate_id: string;
    readonly payload: { readonly job_id?: string };
  };
  /** `type` is that of the entity. */
  readonly "entity.upserted": { readonly aggregate_id: string; readonly payload: { readonly type: string } };
  /** The entity became a tombstone. */
  readonly "entity.deleted": { readonly aggregate_id: string; readonly payload: { readonly type: string } };
  /** `type` is that of the event of the outside world. */
  readonly "event.inserted": {
    readonly aggregate_id: string;
    readonly payload: { readonly type: string; readonly entity_id?: string };
  };
}
