import { followStream } from "./open-stream.ts";
import { operations } from "./operations.ts";
import type { FollowedJob } from "./records.ts";
import type { Sender } from "./sender.ts";

/**
 * What happens to a job: its `status` at first and after each change, its `progress`, and `end` with its result, which is the last. When
 * the connection breaks off, it is opened again, and the present status comes once more. Throws a `ClientError`, also when the job is
 * unknown, and the reason of `signal`.
 */
export type FollowJob = (
  id: string,
  options?: { readonly signal?: AbortSignal },
) => AsyncIterable<FollowedJob>;

/** Follows jobs with this sender. */
export function createFollowJob(sender: Sender): FollowJob {
  return async function* follow(id, { signal } = {}) {
    const stream = followStream(sender, operations["jobs.follow"], {
      signal,
      given: () => ({ id, options: {} }),
    });
    for await (const { event, data } of stream) {
      if (data === undefined) continue;
      // What the server writes.
      const value: unknown = JSON.parse(data);
      if (event === "progress") yield { event, progress: value } as FollowedJob;
      else if (event === "status" || event === "end") yield { event, job: value } as FollowedJob;
      if (event === "end") return;
    }
  };
}
