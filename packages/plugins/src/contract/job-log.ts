import type { JsonObject, Logger } from "@atlas/core";

/** A line that a workflow wrote with `ctx.log`. */
export interface JobLogLine {
  /** The run of the job, as `attempt` of its record counts them. */
  readonly attempt: number;
  readonly at: string;
  readonly level: keyof Logger;
  readonly message: string;
  /** What the workflow gave. Absent when that was nothing. */
  readonly fields?: JsonObject;
}
