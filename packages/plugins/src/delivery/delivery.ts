import type { Command, CommandSink, ReadOnlyRepo } from "@atlas/core";
import type { PluginHost } from "../calling/plugin-host.ts";
import { stopping } from "../contract/errors.ts";
import type { SinkPlugin } from "../contract/sink.ts";
import type { PausedAt } from "../flow/pauses.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { createDeadLetters, type DeadLetters } from "./dead-letters.ts";
import { createDelivered } from "./delivered.ts";
import { createHeldPlaces } from "./held-places.ts";
import { createOneAtATime } from "./one-at-a-time.ts";
import type { SinkHealth } from "./sink-attempts.ts";
import { createSinkRoute } from "./sink-route.ts";

/** Delivers domain events to sinks: at least once, in commit order, with one cursor per sink. */
export interface Delivery {
  /** Reads the cursor of each sink and begins to deliver. */
  start(): Promise<void>;
  /** Looks for new events soon. Call it after each commit. */
  wake(): void;
  /** Delivers a sink's dead letters again, with all attempts: all of them, or the one of `event_id`. Resolves with how many. */
  redrive: DeadLetters["redrive"];
  /** Gives up a sink's dead letters: all of them, or the one of `event_id`. Resolves with how many. */
  dismiss: DeadLetters["dismiss"];
  health(): readonly SinkHealth[];
  /** Delivers every committed event once, then stops. After `graceMs` it aborts the calls that still run. */
  stop(graceMs: number): Promise<void>;
}

const KEEP_DEAD_LETTERS_MS = 30 * 24 * 60 * 60 * 1_000;

/** The delivery to these sinks. */
export function createDelivery(options: {
  readonly host: PluginHost;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly sinks: Iterable<SinkPlugin>;
  /** How long a dead letter is kept after its last attempt, in milliseconds. Default: 30 days. */
  readonly keepDeadLettersMs?: number;
  /**
   * The last event before those that a new sink gets: the newest one when the store was opened, so that a new sink gets what is committed
   * before `start()`. Default: the newest one at `start()`.
   */
  readonly since?: number;
  /** A random number 0 ≤ x < 1 for the jitter of retries. Default: `Math.random`. */
  readonly random?: () => number;
  /** Says which sinks are paused. Call `wake` after one was resumed. Default: none is. */
  readonly pausedAt?: PausedAt;
}): Delivery {
  const { host, repo, commands, random = Math.random } = options;
  const { keepDeadLettersMs: keepMs = KEEP_DEAD_LETTERS_MS } = options;
  const { clock, log } = host;
  const oneAtATime = createOneAtATime();
  const routes = [...options.sinks].map((sink) =>
    createSinkRoute(sink, {
      host,
      repo,
      commands,
      random,
      pausedAt: () => options.pausedAt?.("sink", sink.id),
      onMoved: () => delivered.moved(),
      settle: (seq) =>
        oneAtATime(() =>
          delivered.release({ sink_id: sink.id, event_seqs: [seq], as: "settle", actor: `sink:${sink.id}` }),
        ),
    }),
  );
  const places = createHeldPlaces({ clock, log });
  const delivered = createDelivered({
    clock,
    log,
    repo,
    commands,
    oneAtATime,
    cursors: () => new Map(routes.map((route) => [route.id, places.of(route)])),
  });
  const { release } = delivered;
  const deadLetters = createDeadLetters({ clock, log, repo, commands, oneAtATime, release, keepMs });

  return {
    async start() {
      const last = options.since ?? (await repo.plugins.lastEventSeq());
      await Promise.all(routes.map((route) => route.begin(last)));
      await delivered.load();
      deadLetters.start();
      for (const route of routes) {
        route.wake();
        route.wakeRetries();
      }
    },
    wake() {
      for (const route of routes) route.wake();
      delivered.moved();
    },
    async redrive(sinkId, which) {
      const count = await deadLetters.redrive(sinkId, which);
      for (const route of routes) if (route.id === sinkId) route.wakeRetries();
      return count;
    },
    dismiss: deadLetters.dismiss,
    health: () => routes.map((route) => route.health()),
    async stop(graceMs) {
      const reason = stopping();
      const abort = (): void => {
        for (const route of routes) route.abort(reason);
      };
      const cancel = clock.after(graceMs, abort);
      await Promise.all(routes.map((route) => route.stop()));
      cancel();
      abort();
      deadLetters.stop();
      delivered.stop();
      await delivered.note().catch((error: unknown) => {
        log.warn({ error }, "Delivered events could not be marked as such; the next start marks them.");
      });
    },
  };
}
