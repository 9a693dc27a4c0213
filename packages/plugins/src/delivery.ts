import {
  type Command,
  type CommandSink,
  createLoop,
  type DomainEvent,
  type Loop,
  type ReadOnlyRepo,
} from "@atlas/core";
import { type PluginHost, trackCommands } from "./context.ts";
import { readFailure } from "./failure.ts";
import { interruptible } from "./interruptible.ts";
import type { PluginsCommand, PluginsModule } from "./plugins-module.ts";
import type { SinkPlugin } from "./sink.ts";

/** Takes domain events to sinks: in commit order, at least once, one cursor per sink. */
export interface Delivery {
  /** Gives each new sink its place (after everything that has happened so far) and begins. */
  start(): Promise<void>;
  /** Looks for new events soon. Called after each commit. */
  wake(): void;
  /** Delivers what is committed, as far as that succeeds, and stops; after `graceMs` it aborts what still runs. */
  stop(graceMs: number): Promise<void>;
}

const PAGE = 500;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 5 * 60 * 1_000;

/** Delivery to these sinks; each has its own loop, so none holds up another. */
export function createDelivery(options: {
  readonly host: PluginHost;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly sinks: Iterable<SinkPlugin>;
}): Delivery {
  const { host, repo, commands } = options;
  const { clock, log } = host;
  const aborting = new AbortController();
  const routes = [...options.sinks].map(createRoute);

  return {
    async start() {
      const last = await lastEventSeq();
      await Promise.all(routes.map((route) => route.begin(last)));
      for (const { loop } of routes) loop.wake();
    },
    wake() {
      for (const { loop } of routes) loop.wake();
    },
    async stop(graceMs) {
      const cancel = clock.after(graceMs, () => aborting.abort(new Error("The gateway is stopping.")));
      await Promise.all(
        routes.map(async ({ loop }) => {
          await loop.runOnce();
          await loop.stop();
        }),
      );
      cancel();
      aborting.abort();
    },
  };

  async function lastEventSeq(): Promise<number> {
    const row = await repo.select
      .selectFrom("domain_events")
      .select(({ fn }) => fn.max("seq").as("seq"))
      .executeTakeFirst();
    return row?.seq ?? 0;
  }

  function createRoute(sink: SinkPlugin): { readonly loop: Loop; begin(last: number): Promise<void> } {
    const actor = `sink:${sink.id}`;
    let cursor = 0;
    let failures = 0;
    let retryAt = 0;
    const loop = createLoop({
      tick: deliver,
      clock,
      onError: (error) =>
        log.error({ sink: sink.id, error }, "A round of delivery failed; it will be tried again."),
    });
    return {
      loop,
      async begin(last) {
        const known = await repo.plugins.getSinkCursor(sink.id);
        cursor = known ?? last;
        if (known === undefined) await keep(cursor);
      },
    };

    async function deliver(): Promise<number | undefined> {
      // A commit wakes the loop, but does not shorten the pause after a failure.
      const pauseMs = retryAt - clock.monotonic();
      if (pauseMs > 0) return pauseMs;
      for (;;) {
        const { items } = await repo.listDomainEvents({ after: cursor, limit: PAGE });
        for (const event of items) {
          if (aborting.signal.aborted) return undefined;
          try {
            await handle(event);
          } catch (error) {
            return pauseAfter(event, error);
          }
          failures = 0;
          cursor = event.seq;
        }
        if (items.length > 0) await keep(cursor);
        if (items.length < PAGE) return undefined;
      }
    }

    async function handle(event: DomainEvent): Promise<void> {
      const tracked = trackCommands(commands, {
        actor,
        cause: { kind: "event", id: event.id, depth: event.depth + 1 },
      });
      try {
        await interruptible(aborting.signal, async () => {
          await sink.handle(event, {
            ...host,
            services: host.services ?? {},
            repo,
            commands: tracked.commands,
            signal: aborting.signal,
            attempt: failures + 1,
          });
          await tracked.settled();
        });
      } finally {
        tracked.end();
      }
    }

    async function pauseAfter(event: DomainEvent, error: unknown): Promise<number> {
      failures += 1;
      const delayMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
      log.warn(
        { sink: sink.id, event: event.id, failures, error: readFailure(error).error },
        `The sink "${sink.id}" failed; the event comes again in ${delayMs} ms.`,
      );
      await keep(cursor);
      retryAt = clock.monotonic() + delayMs;
      return delayMs;
    }

    async function keep(event_seq: number): Promise<void> {
      await commands.enqueue({ type: "plugins.sink.advance", sink_id: sink.id, event_seq }, { actor });
    }
  }
}
