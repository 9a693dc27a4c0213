import type { DomainEvent, Job, JsonObject, JsonValue } from "@atlas/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { EventFilter } from "./event-filter.ts";

/** How `ctx.wait` ended. `by` says who answered, `at` when. */
export type Waited<Value> =
  | {
      readonly status: "received";
      readonly name: string;
      readonly value: Value;
      readonly by: string;
      readonly at: string;
    }
  | { readonly status: "timed_out"; readonly at: string };

/** How `ctx.waitForEvent` ended. */
export type WaitedEvent<Received extends DomainEvent = DomainEvent> =
  | { readonly status: "received"; readonly event: Received }
  | { readonly status: "timed_out"; readonly at: string };

/** Options of `ctx.wait`. */
export interface WaitOptions<Value = JsonValue> {
  /** How long it waits from when the name is first reached, in milliseconds. Default: for ever. */
  readonly timeoutMs?: number;
  /**
   * The schema of an answer. Once the job waits, `jobs.signal` refuses any other value. It must be able to give a JSON Schema, as zod's
   * can. Default: any JSON.
   */
  readonly schema?: StandardSchemaV1<unknown, Value>;
  /** What a person who answers must know. `jobs.listWaits` shows it. Default: nothing. */
  readonly info?: JsonObject;
}

/** Options of `ctx.waitForEvent`. */
export interface WaitForEventOptions {
  /** Only events with a greater number (`seq`) count. Default: that of the job's creation, so that no event is missed. */
  readonly after?: number;
  /** How long it waits from when the name is first reached, in milliseconds. Default: for ever. */
  readonly timeoutMs?: number;
}

/** What a wait waits for: an answer, a domain event, the end of other jobs, or a time. */
export type WaitKind = "signal" | "event" | "jobs" | "time";

/** A wait of a job, or an answer that came before its wait. */
export interface JobWait {
  readonly job_id: string;
  readonly name: string;
  readonly kind: WaitKind;
  /** When the job began to wait; absent for an answer that came before. */
  readonly opened_at?: string;
  /** When it waits no longer. Absent: it waits for ever. */
  readonly deadline?: string;
  /** What the workflow tells those who answer. */
  readonly info?: JsonObject;
  /** The JSON Schema of an answer. */
  readonly schema?: JsonObject;
  /** The event that it waits for. */
  readonly filter?: EventFilter;
  /** The jobs that it waits for. */
  readonly ids?: readonly string[];
  /** Only events with a greater number count. */
  readonly after_seq?: number;
  /** The last event that was looked at. */
  readonly scanned_seq?: number;
  /** The run that ended in this wait. Absent while the job does not wait here. */
  readonly attempt?: number;
  readonly answer?: WaitAnswer;
  /** When it timed out. */
  readonly closed_at?: string;
}

/** The first answer to a wait. */
export interface WaitAnswer {
  readonly value: JsonValue;
  readonly by: string;
  readonly at: string;
  /** Answers of one job are counted from 1, in the order in which they came. */
  readonly order: number;
  readonly signal_id?: string;
}

/** What became of a signal: the waiting job was woken; it is kept for a wait to come; another was first; nobody will wait for it. */
export type SignalResult = "delivered" | "buffered" | "already_received" | "closed";

/** True when the job has ended: it succeeded, failed for good or was cancelled. */
export function isJobOver({ status }: Pick<Job, "status">): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}
