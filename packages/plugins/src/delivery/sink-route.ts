import type { Command, CommandSink, ReadOnlyRepo } from "@atlas/core";
import { createLoop } from "@atlas/core/internal";
import type { PluginHost } from "../calling/plugin-host.ts";
import type { PluginError } from "../contract/errors.ts";
import { eventSelector } from "../contract/event-filter.ts";
import type { SinkPlugin } from "../contract/sink.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { createNewEvents } from "./new-events.ts";
import { createRepeatedDeliveries } from "./repeated-deliveries.ts";
import { createSinkAttempts, type SinkHealth } from "./sink-attempts.ts";
import { createSinkPlace } from "./sink-place.ts";

/** The delivery of events to one sink. */
export interface SinkRoute {
  readonly id: string;
  /** The number of the last event that the sink has passed. */
  readonly cursor: () => number;
  readonly health: () => SinkHealth;
  /** Reads the sink's cursor; a new sink begins after `last`, or with the oldest event. */
  begin(last: number): Promise<void>;
  /** Looks for new events soon. */
  wake(): void;
  /** Looks soon for deliveries to repeat. */
  wakeRetries(): void;
  /** Ends the calls under way. The events are delivered again after the next start, and count no attempt. */
  abort(reason: PluginError): void;
  /** Delivers what is committed and what is due, once; then stops and stores the cursor. */
  stop(): Promise<void>;
}

// After a round that failed.
const ROUND_RETRY_MS = 5_000;

/**
 * The route of one sink. It has loops of its own, so a slow sink delays no other, and a repeated delivery delays no new event.
 */
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
    /** Removes a failed delivery that has succeeded after all. */
    readonly settle: (seq: number) => Promise<void>;
  },
): SinkRoute {
  const { host, repo, commands, random, pausedAt, onMoved, settle } = options;
  const { clock, log } = host;
  const { id } = sink;
  const place = createSinkPlace(sink, { clock, repo, commands });
  const attempts = createSinkAttempts(sink, { host, repo, commands, random });
  const isHeld = (): boolean => attempts.isStopped || pausedAt() !== undefined;
  let wasPaused = false;
  const onError = (error: unknown): void =>
    log.error({ sink_id: id, error }, "A round of delivery failed and will be retried.");
  const retries = createLoop({
    tick: createRepeatedDeliveries({ sinkId: id, clock, repo, attempts, isHeld, settle }),
    clock,
    idleMs: ROUND_RETRY_MS,
    onError,
  });
  const fresh = createLoop({
    tick: createNewEvents({
      clock,
      repo,
      wants: eventSelector(sink.on, `The sink "${id}"`),
      place,
      attempts,
      isHeld,
      onMoved,
      onFailed: retries.wake,
    }),
    clock,
    idleMs: ROUND_RETRY_MS,
    onError,
  });

  return {
    id,
    cursor: () => place.seq,
    health() {
      const paused = pausedAt();
      return {
        id,
        eventSeq: place.seq,
        ...attempts.health(),
        ...(paused === undefined ? {} : { pausedAt: paused }),
      };
    },
    begin: place.begin,
    wake() {
      fresh.wake();
      // Resumed: what has become due meanwhile was left alone.
      if (wasPaused && pausedAt() === undefined) retries.wake();
      wasPaused = pausedAt() !== undefined;
    },
    wakeRetries: retries.wake,
    abort: attempts.abort,
    async stop() {
      await Promise.all(
        [fresh, retries].map(async (loop) => {
          await loop.runOnce();
          await loop.stop();
        }),
      );
      await place.keep().catch((error: unknown) => {
        log.warn(
          { sink_id: id, error },
          "A sink's cursor could not be stored. The last events are delivered again.",
        );
      });
    },
  };
}
