import type { z } from "zod";
import type { domainEvent } from "../http/contract/records/data.ts";
import type { job, jobDetails, jobProgress } from "../http/contract/records/job.ts";
import type { problem } from "../http/contract/records/problem.ts";

/** A problem document (RFC 9457) with the code of Atlas. */
export type Problem = z.input<typeof problem>;

/** A domain event, as the server sends it. */
export type DomainEventRecord = z.input<typeof domainEvent>;

/** Something that happened to a job that is followed. */
export type FollowedJob =
  | { readonly event: "status"; readonly job: z.input<typeof job> }
  | { readonly event: "progress"; readonly progress: z.input<typeof jobProgress> }
  /** The last one. */
  | { readonly event: "end"; readonly job: z.input<typeof jobDetails> };

/** Events that were pruned before a client has had them: those after `after` and before `first_seq`. */
export interface MissedEvents {
  readonly after: number;
  readonly first_seq: number;
}
