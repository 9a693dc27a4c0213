import type { Job, JsonValue } from "@atlas/core";

/** A job, and what its workflow returned. */
export type JobWithResult = Job & {
  /** What `run` returned. Absent unless the job has succeeded, and when it returned nothing. */
  readonly result?: JsonValue;
};

/**
 * The result of a job, typed by its workflow; nothing while the job has not succeeded. Throws a `TypeError` for a job of another workflow.
 * The result is what was stored: a job of an earlier version of the workflow may have another shape.
 *
 * @example
 * ```ts
 * const count = defineWorkflow({ id: "count.v1", run: async () => ({ words: 3 }) });
 * const job = { id: "j1", workflow_id: "count.v1", status: "succeeded", result: { words: 3 } } as const;
 * assert.equal(resultOf(count, job)?.words, 3);
 * ```
 */
export function resultOf<Result>(
  workflow: { readonly id: string; readonly "~result"?: Result },
  job: Pick<JobWithResult, "id" | "workflow_id" | "result">,
): Result | undefined {
  if (job.workflow_id !== workflow.id) {
    throw new TypeError(
      `resultOf: the job "${job.id}" belongs to the workflow "${job.workflow_id}", not to "${workflow.id}".`,
    );
  }
  // The types of `defineWorkflow` let only such a result be returned, and it is stored as JSON.
  return job.result as Result | undefined;
}
