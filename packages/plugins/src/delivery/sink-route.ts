import { type Command, type CommandSink, type DomainEvent, isoTime, type ReadOnlyRepo } from "@atlas/core";
import { createLoop, type Loop } from "@atlas/core/internal";
import { readFailure } from "../calling/failure.ts";
import type { PluginHost } from "../calling/plugin-host.ts";
import { PluginError } from "../contract/errors.ts";
import { eventSelector } from "../contract/event-filter.ts";
import type { SinkPlugin } from "../contract/sink.ts";
import type { FailedDelivery } from "../module/failed-deliveries.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { callSink, type SinkCall } from "./call-sink.ts";
import { nextDelivery } from "./retry-delivery.ts";

/** The delivery of events to one sink. */
export interface SinkRoute {
  readonly id: string;
  readonly loop: Loop;
  /** The number of the last event that the sink has passed. */
  readonly cursor: () => number;
  readonly health: () => SinkHealth;
  /** Reads the sink's cursor; a new sink begins after `last`, or with the oldest event. */
  begin(last: number): Promise<void>;
  /** Stores the cursor, and that the sink was there. */
  keep(): Promise<void>;
  /** Ends the call under way. The event is delivered again after the next start, and counts no attempt. */
  abort(reason: PluginError): void;
}

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

const PAGE = 500;
const RETRIES_A_ROUND = 20;
// Storing a cursor is a command in the journal. After a crash, the events handled since the last one are delivered again.
const KEEP_EVERY_MS = 200;
const ROUND_RETRY_MS = 5_000;

/** The route of one sink. It has a loop of its own, so a slow sink delays no other. */
export function createSinkRoute(
  sink: SinkPlugin,
  options: {
    readonly host: PluginHost;
    readonly repo: ReadOnlyRepo<PluginsModule>;
    readonly commands: CommandSink<Command | PluginsCommand>;
    readonly random: () => number;
    /** Since when the sink is paused; nothing when it is not. */
    readonly pausedAt: () => string | undefined;
    /** Called when the cursor has moved. */
    readonly onMoved: () => void;
    /** Called when a failed delivery has succeeded after all. */
    readonly onSettled: (seq: number) => Promise<void>;
  },
): SinkRoute {
  const { host, repo, commands, random, pausedAt, onMoved, onSettled } = options;
  const { clock, log } = host;
  const { id, retry = {} } = sink;
  const actor = `sink:${id}`;
  const wants = eventSelector(sink.on, `The sink "${id}"`);
  let cursor = 0;
  let kept = 0;
  let keptAt = 0;
  let failures = 0;
  let lastError: string | undefined;
  let stopReason: PluginError | undefined;
  let call: SinkCall | undefined;
  const loop = createLoop({
    tick: round,
    clock,
    idleMs: ROUND_RETRY_MS,
    onError: (error) => log.error({ sink: id, error }, "A round of delivery failed and will be retried."),
  });

  return {
    id,
    loop,
    cursor: () => cursor,
    health() {
      const paused = pausedAt();
      return {
        id,
        status: failures === 0 ? "ok" : "failing",
        eventSeq: cursor,
        failures,
        ...(lastError === undefined ? {} : { error: lastError }),
        ...(paused === undefined ? {} : { pausedAt: paused }),
      };
    },
    async begin(last) {
      cursor = (await repo.plugins.getSinkCursor(id)) ?? (sink.from === "start" ? 0 : last);
      await keep();
    },
    keep,
    abort(reason) {
      stopReason = reason;
      call?.abort(reason, 0);
    },
  };

  /** Delivers new events in order, then repeats the deliveries that are due. Returns the pause until the next round. */
  async function round(): Promise<number | undefined> {
    if (cursor > kept && clock.monotonic() - keptAt >= KEEP_EVERY_MS) await keep();
    if (isHeld()) return undefined;
    for (;;) {
      const { items } = await repo.listDomainEvents({ after: cursor, limit: PAGE });
      for (const event of items) {
        if (wants(event) && !(await deliverNew(event))) return undefined;
        cursor = event.seq;
        // Nothing depends on it: if it fails, the next one stores more.
        if (clock.monotonic() - keptAt >= KEEP_EVERY_MS) keep().catch(() => undefined);
      }
      if (items.length > 0) onMoved();
      if (!(await retryDue())) return undefined;
      if (items.length < PAGE) break;
    }
    return pauseMs();
  }

  /** Until a delivery is repeated or the cursor must be stored, whichever comes first. */
  async function pauseMs(): Promise<number | undefined> {
    const pauses: number[] = [];
    const nextAt = await repo.plugins.nextFailedDeliveryAt(id);
    if (nextAt !== undefined) pauses.push(Math.min(Date.parse(nextAt) - clock.now(), ROUND_RETRY_MS));
    if (cursor > kept) pauses.push(keptAt + KEEP_EVERY_MS - clock.monotonic());
    return pauses.length === 0 ? undefined : Math.max(1, Math.min(...pauses));
  }

  /** True when the sink is not to be called. */
  function isHeld(): boolean {
    return stopReason !== undefined || pausedAt() !== undefined;
  }

  /** False when the gateway stopped before the sink had answered, or when the sink is paused. */
  async function deliverNew(event: DomainEvent): Promise<boolean> {
    if (isHeld()) return false;
    if (event.depth >= MAX_EVENT_DEPTH) {
      await fail(event, 0, tooDeep(event));
      return true;
    }
    const end = await deliver(event, 1);
    if (end === "stopped") return false;
    if (end !== "delivered") await fail(event, 1, end.error);
    return true;
  }

  /** False when the gateway stopped or the sink is paused. */
  async function retryDue(): Promise<boolean> {
    const due = { sink_id: id, now: isoTime(clock.now()), limit: RETRIES_A_ROUND };
    for (const failed of await repo.plugins.listDueFailedDeliveries(due))
      if (isHeld() || !(await deliverAgain(failed))) return false;
    return true;
  }

  async function deliverAgain({ event_seq, attempts }: FailedDelivery): Promise<boolean> {
    const [event] = (await repo.listDomainEvents({ after: event_seq - 1, limit: 1 })).items;
    // An event that the host marked as delivered may have been pruned since.
    const end = event?.seq === event_seq ? await deliver(event, attempts + 1) : "delivered";
    if (end === "stopped") return false;
    if (end === "delivered" || event === undefined) {
      await commands.enqueue({ type: "plugins.sink.settle", sink_id: id, event_seq }, { actor });
      await onSettled(event_seq);
    } else {
      await fail(event, attempts + 1, end.error);
    }
    return true;
  }

  async function deliver(
    event: DomainEvent,
    attempt: number,
  ): Promise<"delivered" | "stopped" | { readonly error: unknown }> {
    if (stopReason !== undefined) return "stopped";
    call = callSink(sink, { event, attempt, host, repo, commands });
    const outcome = await call.outcome;
    call = undefined;
    if (outcome.status === "delivered") {
      failures = 0;
      lastError = undefined;
      return "delivered";
    }
    return stopReason !== undefined && outcome.error === stopReason ? "stopped" : { error: outcome.error };
  }

  async function fail(event: DomainEvent, attempts: number, thrown: unknown): Promise<void> {
    const failure = readFailure(thrown);
    const { error } = failure;
    const at = { now: clock.now(), random: random() };
    const { status, next_at, pauseMs: inMs } = nextDelivery(failure, attempts, retry, at);
    failures += 1;
    lastError = String(error["message"]);
    log.warn(
      { sink: id, event: event.id, attempts, error },
      status === "dead"
        ? `The sink "${id}" failed for good and the event is now a dead letter. Fix the cause, then call sinks.redrive.`
        : `The sink "${id}" failed. The event is delivered again in ${inMs} ms.`,
    );
    await commands.enqueue(
      { type: "plugins.sink.fail", sink_id: id, event_seq: event.seq, status, attempts, next_at, error },
      { actor },
    );
  }

  async function keep(): Promise<void> {
    const event_seq = cursor;
    keptAt = clock.monotonic();
    await commands.enqueue({ type: "plugins.sink.advance", sink_id: id, event_seq }, { actor });
    kept = Math.max(kept, event_seq);
  }
}

function tooDeep({ id, depth }: DomainEvent): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_EVENT_TOO_DEEP",
    { id, depth },
    `The event "${id}" was not delivered: ${depth} events led to it, one after the other, so a plugin seems to answer its own events. Narrow the "on" of the sink or workflow.`,
  );
}
