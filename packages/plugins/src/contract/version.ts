import type { Job } from "@atlas/core";

/**
 * What becomes of a job that began under another version of its workflow. `continue`: it goes on with the results that it has. `restart`:
 * it runs again without them, as if it had not begun. `fail`: it fails with `ATLAS_PLUGINS_VERSION_CHANGED`, and keeps its results.
 */
export type VersionDecision = "continue" | "restart" | "fail";

/** A job that runs again, under another version of its workflow. */
export interface VersionChange {
  readonly job: Job;
  /** The version under which the job began. */
  readonly from: number;
  /** The version that the workflow has now; lower than `from` after the code was rolled back. */
  readonly to: number;
  /** The names of the steps that have finished. A restart runs them again. */
  readonly finishedSteps: readonly string[];
}

/** One decision for every job, or a function that takes it for each. */
export type OnVersionChange = VersionDecision | ((change: VersionChange) => VersionDecision);

export const VERSION_DECISIONS: readonly VersionDecision[] = ["continue", "restart", "fail"];

/** The version of a workflow that names none. */
export const FIRST_VERSION = 1;
