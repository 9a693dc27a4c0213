import type { Command, CommandSink, DomainEvent, ReadOnlyRepo } from "@atlas/core";
import { readFailure } from "../calling/failure.ts";
import type { PluginHost } from "../calling/plugin-host.ts";
import { PluginError } from "../contract/errors.ts";
import type { SinkPlugin } from "../contract/sink.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { callSink, type SinkCall } from "./call-sink.ts";
import { nextDelivery } from "./retry-delivery.ts";

/** The attempts to deliver events to one sink, and how they went. */
export interface SinkAttempts {
  /** Delivers an event for the first time, as `deliver` does. An event at the end of too long a chain is a dead letter. */
  deliverNew(event: DomainEvent): Promise<DeliveryEnd>;
  /**
   * Delivers an event, or stores that this failed. `stopped` means that the gateway stopped before the sink had answered: the event is
   * delivered again after the next start.
   */
  deliver(event: DomainEvent, attempt: number): Promise<DeliveryEnd>;
  /** Set once `abort` was called: no attempt begins from then on. */
  readonly isStopped: boolean;
  readonly health: () => Pick<SinkHealth, "status" | "failures" | "error">;
  /** Ends the calls under way. They count no attempt. */
  abort(reason: PluginError): void;
}

/** How an attempt ended. */
type DeliveryEnd = "delivered" | "failed" | "stopped";

/** The state of a sink. */
export interface SinkHealth {
  readonly id: string;
  /** `failing` from a failed call until the next delivered event. */
  readonly status: "ok" | "failing";
  /** The number of the last event that the sink has passed. */
  readonly eventSeq: number;
  /** Failed calls in a row. */
  readonly failures: number;
  /** The message of the last failure. */
  readonly error?: string;
  /** Since when it is paused; absent when it is not. */
  readonly pausedAt?: string;
}

/** The longest chain of events that is delivered: an event that more others led to is taken for a loop. */
export const MAX_EVENT_DEPTH = 16;

/** The attempts of one sink, before the first. */
export function createSinkAttempts(
  sink: SinkPlugin,
  options: {
    readonly host: PluginHost;
    readonly repo: ReadOnlyRepo<PluginsModule>;
    readonly commands: CommandSink<Command | PluginsCommand>;
    readonly random: () => number;
  },
): SinkAttempts {
  const { host, repo, commands, random } = options;
  const { clock, log } = host;
  const { id, retry = {} } = sink;
  const actor = `sink:${id}`;
  const underWay = new Set<SinkCall>();
  let failures = 0;
  let lastError: string | undefined;
  let stopReason: PluginError | undefined;

  const attempts: SinkAttempts = {
    async deliverNew(event) {
      if (event.depth < MAX_EVENT_DEPTH) return attempts.deliver(event, 1);
      await fail(event, 0, tooDeep(event));
      return "failed";
    },
    async deliver(event, attempt) {
      if (stopReason !== undefined) return "stopped";
      const call = callSink(sink, { event, attempt, host, repo, commands });
      underWay.add(call);
      const outcome = await call.outcome;
      underWay.delete(call);
      if (outcome.status === "delivered") {
        failures = 0;
        lastError = undefined;
        return "delivered";
      }
      if (stopReason !== undefined && outcome.error === stopReason) return "stopped";
      await fail(event, attempt, outcome.error);
      return "failed";
    },
    get isStopped() {
      return stopReason !== undefined;
    },
    health: () => ({
      status: failures === 0 ? "ok" : "failing",
      failures,
      ...(lastError === undefined ? {} : { error: lastError }),
    }),
    abort(reason) {
      stopReason = reason;
      for (const call of underWay) call.abort(reason);
    },
  };
  return attempts;

  async function fail(event: DomainEvent, calls: number, thrown: unknown): Promise<void> {
    const failure = readFailure(thrown);
    const { error } = failure;
    const at = { now: clock.now(), random: random() };
    const { status, next_at, pauseMs } = nextDelivery(failure, calls, retry, at);
    failures += 1;
    lastError = String(error["message"]);
    log.warn(
      { sink_id: id, event_id: event.id, attempts: calls, error },
      status === "dead"
        ? `The sink "${id}" failed for good and the event is now a dead letter. Fix the cause, then call sinks.redrive, or drop it with sinks.dismiss.`
        : `The sink "${id}" failed. The event is delivered again in ${pauseMs} ms.`,
    );
    await commands.enqueue(
      {
        type: "plugins.sink.fail",
        sink_id: id,
        event_seq: event.seq,
        status,
        attempts: calls,
        next_at,
        error,
      },
      { actor },
    );
  }
}

function tooDeep({ id, depth }: DomainEvent): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_EVENT_TOO_DEEP",
    { id, depth },
    `The event "${id}" was not delivered: ${depth} events led to it, one after the other, so a plugin seems to answer its own events. Narrow the "on" of the sink or workflow.`,
  );
}
