import type { AnyCommand } from "@atlas/core";

/** Options of `jobs.create` and `jobs.createMany`. */
export interface CreateOptions {
  /**
   * Returns commands that are committed in the same unit as the jobs: all of it, or nothing. It gets the id of the job for each request,
   * also of one that is there already, and is called again when the jobs have to be looked for again. Use it for what must not be there
   * without the job, or the job without it, such as a note of who asked for it. Default: none.
   */
  readonly alongside?: (ids: readonly string[]) => readonly AnyCommand[];
}
