import type { DomainEvent } from "@atlas/core";
import type { PluginContext } from "./context.ts";
import type { RetryPolicy } from "./retry.ts";

/**
 * Carries results out: is called for each domain event at least once, always with the same `event.id`. First calls are in
 * commit order; an event that failed comes again later, and holds up no other.
 */
export interface SinkPlugin {
  readonly id: string;
  /** Resolving acknowledges the event; after a throw it comes again, until `retry.maxAttempts` is used up. */
  handle(event: DomainEvent, ctx: SinkContext): Promise<void>;
  /**
   * Which events it wants: types such as `artifact.created`, or with a star at the end such as `job.*`. Default: all.
   */
  readonly on?: readonly string[];
  /** Where a new sink begins: with what happens from now on, or with the oldest event that is kept. Default: `now`. */
  readonly from?: "now" | "start";
  /** How long one call may take, in milliseconds. Default: 30,000. */
  readonly timeoutMs?: number;
  readonly retry?: RetryPolicy;
}

/** What a sink is given for one event. */
export interface SinkContext extends PluginContext {
  /** Which call for this event it is, from 1; the last is `retry.maxAttempts` (10 by default). */
  readonly attempt: number;
}

/** Types a sink. */
export function defineSink<Sink extends SinkPlugin>(sink: Sink): Sink {
  return sink;
}
