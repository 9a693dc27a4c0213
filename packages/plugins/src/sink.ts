import type { DomainEvent } from "@atlas/core";
import type { PluginContext } from "./context.ts";

/** Carries results out: is called for each domain event, at least once, in commit order. */
export interface SinkPlugin {
  readonly id: string;
  /** Resolving acknowledges the event; after a throw it comes again, with the same `event.id`. */
  handle(event: DomainEvent, ctx: SinkContext): Promise<void>;
}

/** What a sink is given for one event. */
export type SinkContext = PluginContext;

/** Types a sink. */
export function defineSink<Sink extends SinkPlugin>(sink: Sink): Sink {
  return sink;
}
