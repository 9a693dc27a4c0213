import type { Command, CommandSink, ReadOnlyRepo } from "@atlas/core";
import { parseEventId } from "@atlas/core/internal";
import type { PluginHost } from "../calling/plugin-host.ts";
import { stopping } from "../contract/errors.ts";
import type { SinkPlugin } from "../contract/sink.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { createDelivered } from "./delivered.ts";
import type { SinkHealth } from "./sink-attempts.ts";
import { createSinkRoute } from "./sink-route.ts";

/** Delivers domain events to sinks: at least once, in commit order, with one cursor per sink. */
export interface Delivery {
  /** Reads the cursor of each sink and begins to deliver. */
  start(): Promise<void>;
  /** Looks for new events soon. Call it after each commit. */
  wake(): void;
  /**
   * Delivers a sink's dead letters again, with all attempts: all of them, or the one of `event_id`. Does nothing when there is no
   * such dead letter.
   */
  redrive(sinkId: string, options?: { readonly event_id?: string }): Promise<void>;
  health(): readonly SinkHealth[];
  /** Delivers every committed event once, then stops. After `graceMs` it aborts the calls that still run. */
  stop(graceMs: number): Promise<void>;
}

/** The delivery to these sinks. */
export function createDelivery(options: {
  readonly host: PluginHost;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly sinks: Iterable<SinkPlugin>;
  /** A random number 0 ≤ x < 1 for the jitter of retries. Default: `Math.random`. */
  readonly random?: () => number;
}): Delivery {
  const { host, repo, commands, random = Math.random } = options;
  const { clock, log } = host;
  const routes = [...options.sinks].map((sink) =>
    createSinkRoute(sink, {
      host,
      repo,
      commands,
      random,
      onMoved: () => delivered.moved(),
      settle: async (event_seq) => {
        await commands.enqueue(
          { type: "plugins.sink.settle", sink_id: sink.id, event_seq },
          { actor: `sink:${sink.id}` },
        );
        await delivered.settled(event_seq);
      },
    }),
  );
  const delivered = createDelivered({
    clock,
    log,
    repo,
    commands,
    cursors: () => new Map(routes.map(({ id, cursor }) => [id, cursor()])),
  });

  return {
    async start() {
      const last = await repo.plugins.lastEventSeq();
      await Promise.all(routes.map((route) => route.begin(last)));
      await delivered.load();
      for (const route of routes) {
        route.wake();
        route.wakeRetries();
      }
    },
    wake() {
      for (const route of routes) route.wake();
      delivered.moved();
    },
    async redrive(sink_id, { event_id } = {}) {
      const event_seq = event_id === undefined ? undefined : seqOf(event_id);
      await commands.enqueue({
        type: "plugins.sink.redrive",
        sink_id,
        ...(event_seq === undefined ? {} : { event_seq }),
      });
      for (const route of routes) if (route.id === sink_id) route.wakeRetries();
    },
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
      delivered.stop();
      await delivered.note().catch((error: unknown) => {
        log.warn({ error }, "Delivered events could not be marked as such; the next start marks them.");
      });
    },
  };
}

function seqOf(event_id: string): number {
  const seq = parseEventId(event_id)?.seq;
  if (seq !== undefined) return seq;
  throw new TypeError(
    `event_id must be the id of a domain event, such as "evt_k3v9x0ab_17"; got "${event_id}".`,
  );
}
