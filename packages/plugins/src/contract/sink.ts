import type { DomainEvent, StoreModule } from "@atlas/core";
import type { PluginContext } from "./context.ts";
import type { EventEntry, SelectedEvent } from "./event-filter.ts";
import type { PluginNeeds } from "./needs.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Need, PluginServices, ServicesOf } from "./service.ts";

/**
 * Carries results out. Atlas calls it at least once for each domain event, always with the same `event.id`. First calls are in commit
 * order; a failed delivery is repeated later and delays no other event.
 */
export interface SinkPlugin extends SinkOptions, PluginNeeds {
  readonly id: string;
  /** Delivers one event. Resolving acknowledges it; throwing makes it a failed delivery, which is retried. */
  handle(event: DomainEvent, ctx: SinkContext): Promise<void>;
}

/** Which events a sink gets, and how. */
export interface SinkOptions {
  /**
   * The events to deliver: types such as `artifact.created`, `job.*` for every type below one, or filters that also look at the
   * aggregate and the payload. An event that matches any entry is delivered. Default: all events.
   */
  readonly on?: readonly EventEntry[];
  /**
   * Where a new sink begins: `now` with the first event after the gateway was created, `start` with the oldest event that is kept. Default:
   * `now`, because a sink that is added to an old database would otherwise send its whole history.
   */
  readonly from?: "now" | "start";
  /**
   * Time limit of one call, in milliseconds. Default: 30,000. Events are delivered to a sink one after the other, so a slow call
   * delays the events behind it by as much.
   */
  readonly timeoutMs?: number;
  /**
   * Retries of a failed delivery. Default: 60 attempts with exponential backoff and jitter, from 1 s up to 1 h between them. That
   * outlasts a failure of at least 24 hours (36 on average), and costs a receiver that never recovers 60 calls for each event.
   * Lower `maxAttempts` for events that are worthless when late. A delivery that used up its attempts is a dead letter:
   * `gateway.sinks.redrive` delivers it again. An error with `retryable: false` skips the retries.
   */
  readonly retry?: RetryPolicy;
}

/** What a sink gets for one event. */
export interface SinkContext<Module extends StoreModule = never, Services extends object = PluginServices>
  extends PluginContext<Module, Services> {
  /** The number of this call for the event, from 1 up to `retry.maxAttempts`. A redrive starts again at 1. */
  readonly attempt: number;
}

/**
 * Returns the sink as it is, typed: `event` is one of the events that `on` names, as core and the modules that it `uses` declare them, and
 * `ctx` has these modules and the services that it `needs`. Without `on`, `event` is any {@link DomainEvent}: narrow it with `isEvent`.
 * `createGateway` checks the options, and throws a `TypeError` that names the wrong one.
 *
 * @example
 * ```ts
 * const alarms = defineSink({
 *   id: "alarms",
 *   on: ["job.failed", "artifact.created"],
 *   async handle(event) {
 *     if (event.type === "job.failed") console.error(event.aggregate_id, event.payload.error);
 *     else console.log(event.payload.type);
 *   },
 * });
 * assert.equal(alarms.id, "alarms");
 * ```
 */
export function defineSink<
  const Uses extends readonly StoreModule[] = readonly [],
  const Needs extends readonly Need[] = readonly [],
  const On extends readonly EventEntry[] = readonly EventEntry[],
>(
  sink: Omit<SinkOptions, "on"> & {
    readonly id: string;
    readonly uses?: Uses;
    readonly needs?: Needs;
    readonly on?: On;
    handle(
      event: SelectedEvent<Uses[number], On>,
      ctx: SinkContext<Uses[number], ServicesOf<Needs>>,
    ): Promise<void>;
  },
): SinkPlugin {
  // The runner passes to `handle` what `uses` and `needs` of this object say.
  return sink as never;
}
