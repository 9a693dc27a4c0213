import { canonicalJson, type DomainEvent, idText, type Job, jsonObject } from "@atlas/core";
import { z } from "zod";
import type { EventFilter } from "./workflow.ts";

/** What a waiting job waits for. */
export const waitFor = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("time") }),
  z.strictObject({
    kind: z.literal("event"),
    filter: z.strictObject({
      type: idText,
      aggregate_id: idText.optional(),
      payload: jsonObject.optional(),
    }),
  }),
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

/** True when the event is one that the filter asks for. */
export function matchesFilter(event: DomainEvent, filter: Readonly<EventFilterLike>): boolean {
  if (event.type !== filter.type) return false;
  if (filter.aggregate_id !== undefined && event.aggregate_id !== filter.aggregate_id) return false;
  return Object.entries(filter.payload ?? {}).every(
    ([key, value]) => Object.hasOwn(event.payload, key) && sameJson(event.payload[key], value),
  );
}

/** An event filter, also as it is read back, where what is absent may be undefined. */
type EventFilterLike = { readonly [Key in keyof EventFilter]: EventFilter[Key] | undefined } & Pick<
  EventFilter,
  "type"
>;

function sameJson(left: unknown, right: unknown): boolean {
  return canonicalJson(left) === canonicalJson(right);
}

/** True when nothing more becomes of the job by itself. */
export function isJobOver({ status }: Pick<Job, "status">): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}
