import { idText, type Job } from "@atlas/core";
import { z } from "zod";
import { eventFilter } from "./event-filter.ts";

/** What a waiting job waits for. */
export const waitFor = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("time") }),
  z.strictObject({ kind: z.literal("event"), filter: eventFilter }),
  z.strictObject({ kind: z.literal("jobs"), ids: z.array(idText).max(1_000) }),
]);

/** What a waiting job waits for: a time, an event, or the end of other jobs. */
export type WaitFor = z.output<typeof waitFor>;

/** A job that holds no slot until something happens. */
export interface Wait {
  readonly job_id: string;
  /** The attempt that began to wait. */
  readonly attempt: number;
  /** The name of the step that the wait is. */
  readonly name: string;
  readonly wait_for: WaitFor;
  /** Only events with a greater number count. */
  readonly after_seq: number;
  /** When it waits no longer; absent: for ever. */
  readonly until?: string;
}

/** True when the job has ended: it succeeded, failed for good or was cancelled. */
export function isJobOver({ status }: Pick<Job, "status">): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}
