import {
  type Command,
  type CommandSink,
  type Committed,
  type DomainEvent,
  isoTime,
  type ReadOnlyRepo,
} from "@atlas/core";
import { createLoop, type Loop, parseEventId } from "@atlas/core/internal";
import { type Call, startCall } from "../calling/call.ts";
import { readFailure } from "../calling/failure.ts";
import { type PluginHost, trackCommands } from "../contract/context.ts";
import { PluginError, stopping } from "../contract/errors.ts";
import { eventTypeFilter } from "../contract/event-filter.ts";
import { retryDelayMs } from "../contract/retry.ts";
import type { SinkContext, SinkPlugin } from "../contract/sink.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import type { SinkException } from "../module/queries.ts";
import { createDelivered } from "./delivered.ts";

/** Takes domain events to sinks: in commit order, at least once, one cursor per sink. */
export interface Delivery {
  /** Gives each new sink its place and begins. */
  start(): Promise<void>;
  /** Looks for new events soon. Called after each commit. */
  wake(): void;
  /** Gives a sink's dead events another round of attempts: one of them, or all. */
  redrive(sinkId: string, options?: { readonly event_id?: string }): Promise<void>;
  health(): readonly SinkHealth[];
  /** Delivers what is committed, as far as that succeeds, and stops; after `graceMs` it aborts what still runs. */
  stop(graceMs: number): Promise<void>;
}

/** How a sink is. */
export interface SinkHealth {
  readonly id: string;
  readonly status: "ok" | "failing";
  /** The number of the last event that it has passed. */
  readonly event_seq: number;
  /** Failed calls one after the other. */
  readonly failures: number;
  /** What the last of them failed with. */
  readonly error?: string;
}

interface Route {
  readonly sink: SinkPlugin;
  readonly loop: Loop;
  readonly cursor: () => number;
  readonly health: () => SinkHealth;
  begin(last: number): Promise<void>;
  /** Notes how far the sink is, and that it was there. */
  keep(): Promise<void>;
}

const PAGE = 500;
const RETRIES_A_ROUND = 20;
// Each note of a sink's place is a command in the journal; a crash brings again what was handled since the last one.
const KEEP_EVERY_MS = 200;
const ROUND_RETRY_MS = 5_000;
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_ATTEMPTS = 10;
/** An event to which so many others led is not delivered: it is a loop. */
export const MAX_EVENT_DEPTH = 16;
const NO_SERVICES = Object.freeze({});
const NOTHING: Committed = { seq: 0, changed: false };

/** Delivery to these sinks; each has its own loop, so none holds up another. */
export function createDelivery(options: {
  readonly host: PluginHost;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly sinks: Iterable<SinkPlugin>;
  /** A number 0 ≤ x < 1 for the pause before a retry. Default: `Math.random`. */
  readonly random?: () => number;
}): Delivery {
  const { host, repo, commands } = options;
  const { clock, log } = host;
  const random = options.random ?? Math.random;
  const routes = [...options.sinks].map(createRoute);
  let stopReason: PluginError | undefined;
  const calls = new Set<Call>();
  const delivered = createDelivered({
    clock,
    log,
    repo,
    commands,
    cursors: () => new Map(routes.map(({ sink, cursor }) => [sink.id, cursor()])),
  });

  return {
    async start() {
      const last = await repo.plugins.lastEventSeq();
      await Promise.all(routes.map((route) => route.begin(last)));
      await delivered.load();
      for (const { loop } of routes) loop.wake();
    },
    wake() {
      for (const { loop } of routes) loop.wake();
      delivered.moved();
    },
    async redrive(sink_id, { event_id } = {}) {
      const seq = event_id === undefined ? undefined : parseEventId(event_id)?.seq;
      if (event_id !== undefined && seq === undefined)
        throw new TypeError(`"${event_id}" is not the id of a domain event, such as "evt_k3v9x0ab_17".`);
      await commands.enqueue({
        type: "plugins.sink.redrive",
        sink_id,
        ...(seq === undefined ? {} : { event_seq: seq }),
      });
      for (const { sink, loop } of routes) if (sink.id === sink_id) loop.wake();
    },
    health: () => routes.map((route) => route.health()),
    async stop(graceMs) {
      const cancel = clock.after(graceMs, () => {
        stopReason = stopping();
        for (const call of calls) call.abort(stopReason, 0);
      });
      await Promise.all(
        routes.map(async ({ loop, keep }) => {
          await loop.runOnce();
          await loop.stop();
          await keep().catch((error: unknown) => {
            log.warn({ error }, "A sink's place could not be kept; some events will come again.");
          });
        }),
      );
      cancel();
      stopReason ??= stopping();
      delivered.stop();
      await delivered.note().catch((error: unknown) => {
        log.warn({ error }, "What was delivered could not be noted; it will be at the next start.");
      });
    },
  };

  function createRoute(sink: SinkPlugin): Route {
    const { id, retry, timeoutMs = DEFAULT_TIMEOUT_MS } = sink;
    const actor = `sink:${id}`;
    const wants = eventTypeFilter(sink.on, id);
    let cursor = 0;
    let kept = 0;
    let keptAt = 0;
    let failures = 0;
    let lastError: string | undefined;
    const loop = createLoop({
      tick: round,
      clock,
      idleMs: ROUND_RETRY_MS,
      onError: (error) =>
        log.error({ sink: id, error }, "A round of delivery failed; it will be tried again."),
    });
    return { sink, loop, cursor: () => cursor, begin, health, keep };

    function health(): SinkHealth {
      return {
        id,
        status: failures === 0 ? "ok" : "failing",
        event_seq: cursor,
        failures,
        ...(lastError === undefined ? {} : { error: lastError }),
      };
    }

    async function begin(last: number): Promise<void> {
      cursor = (await repo.plugins.getSinkCursor(id)) ?? (sink.from === "start" ? 0 : last);
      await keep();
    }

    /** New events first, in order; then those whose time to come again has come. Returns when the next comes again. */
    async function round(): Promise<number | undefined> {
      if (cursor > kept && clock.monotonic() - keptAt >= KEEP_EVERY_MS) await keep();
      for (;;) {
        const { items } = await repo.listDomainEvents({ after: cursor, limit: PAGE });
        for (const event of items) {
          if (wants(event.type) && !(await deliverNew(event))) return undefined;
          cursor = event.seq;
          // Nobody waits for it: when it fails, the next one holds more.
          if (clock.monotonic() - keptAt >= KEEP_EVERY_MS) keep().catch(() => undefined);
        }
        if (items.length > 0) delivered.moved();
        if (!(await retryDue())) return undefined;
        if (items.length < PAGE) break;
      }
      return pauseMs();
    }

    /** Until the next event comes again, or the sink's place is to be kept. */
    async function pauseMs(): Promise<number | undefined> {
      const pauses: number[] = [];
      const nextAt = await repo.plugins.nextSinkExceptionAt(id);
      if (nextAt !== undefined) pauses.push(Math.min(Date.parse(nextAt) - clock.now(), ROUND_RETRY_MS));
      if (cursor > kept) pauses.push(keptAt + KEEP_EVERY_MS - clock.monotonic());
      return pauses.length === 0 ? undefined : Math.max(1, Math.min(...pauses));
    }

    /** False when the gateway stopped before the sink had answered. */
    async function deliverNew(event: DomainEvent): Promise<boolean> {
      if (event.depth >= MAX_EVENT_DEPTH) {
        await fail(event, 0, { status: "dead", error: tooDeep(event) });
        return true;
      }
      const how = await handle(event, 1);
      if (how === "stopped") return false;
      if (how !== "done") await fail(event, 1, how);
      return true;
    }

    /** False when the gateway stopped. */
    async function retryDue(): Promise<boolean> {
      const now = isoTime(clock.now());
      for (const exception of await repo.plugins.listDueSinkExceptions({
        sink_id: id,
        now,
        limit: RETRIES_A_ROUND,
      })) {
        if (stopReason !== undefined || !(await deliverAgain(exception))) return false;
      }
      return true;
    }

    async function deliverAgain({ event_seq, attempts }: SinkException): Promise<boolean> {
      const [event] = (await repo.listDomainEvents({ after: event_seq - 1, limit: 1 })).items;
      // Somebody noted it as delivered by hand, and it was pruned.
      const how = event?.seq === event_seq ? await handle(event, attempts + 1) : "done";
      if (how === "stopped") return false;
      if (how === "done" || event === undefined) {
        await commands.enqueue({ type: "plugins.sink.settle", sink_id: id, event_seq }, { actor });
        await delivered.settled(event_seq);
      } else {
        await fail(event, attempts + 1, how);
      }
      return true;
    }

    async function handle(
      event: DomainEvent,
      attempt: number,
    ): Promise<"done" | "stopped" | { readonly status?: "dead"; readonly error: unknown }> {
      if (stopReason !== undefined) return "stopped";
      const tracked = trackCommands(commands, {
        actor,
        cause: { kind: "event", id: event.id, depth: event.depth + 1 },
      });
      let acknowledged = false;
      const own = acknowledging(tracked.commands, event.id, () => {
        acknowledged = true;
      });
      const call = startCall({
        clock,
        plugin: `The sink "${id}"`,
        timeoutMs,
        graceMs: 0,
        onAbort: tracked.end,
        async work(started) {
          const ctx: SinkContext = {
            repo,
            clock,
            log,
            services: host.services ?? NO_SERVICES,
            commands: own,
            get signal() {
              return started.signal;
            },
            attempt,
          };
          await sink.handle(event, ctx);
          await tracked.settled();
        },
      });
      calls.add(call);
      const end = await call.ended;
      calls.delete(call);
      tracked.end();
      if (end.kind === "returned" || acknowledged) {
        failures = 0;
        lastError = undefined;
        return "done";
      }
      if (end.kind === "threw") return { error: end.error };
      return end.reason === stopReason ? "stopped" : { error: end.reason };
    }

    async function fail(
      event: DomainEvent,
      attempts: number,
      how: { readonly status?: "dead"; readonly error: unknown },
    ): Promise<void> {
      const { error, retryable, retryAfterMs = 0 } = readFailure(how.error);
      const allowed = retry?.maxAttempts ?? DEFAULT_ATTEMPTS;
      const isDead = how.status === "dead" || !retryable || attempts >= allowed;
      const pauseMs = Math.max(
        retryAfterMs,
        retryDelayMs(Math.max(1, attempts), { policy: retry, random: jitter() }),
      );
      failures += 1;
      lastError = String(error["message"]);
      log.warn(
        { sink: id, event: event.id, attempts, error },
        isDead
          ? `The sink "${id}" gave up on the event; redrive it when the cause is gone.`
          : `The sink "${id}" failed; the event comes again in ${pauseMs} ms.`,
      );
      await commands.enqueue(
        {
          type: "plugins.sink.fail",
          sink_id: id,
          event_seq: event.seq,
          status: isDead ? "dead" : "retrying",
          attempts,
          next_at: isoTime(clock.now() + pauseMs),
          error,
        },
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

  /** Half of the pause is certain: a sink that is down is not asked again at once. */
  function jitter(): number {
    return 0.5 + random() / 2;
  }
}

/** A sink's own `markDelivered` of the event in hand acknowledges it for this sink; for the others it means nothing. */
function acknowledging(
  sink: CommandSink<Command>,
  eventId: string,
  acknowledge: () => void,
): CommandSink<Command> {
  const isOwn = (command: Command): boolean => {
    if (command?.type !== "domainEvent.markDelivered" || command.id !== eventId) return false;
    acknowledge();
    return true;
  };
  return {
    enqueue: (command, envelope) =>
      isOwn(command) ? Promise.resolve(NOTHING) : sink.enqueue(command, envelope),
    enqueueAll(commands, envelope) {
      if (!Array.isArray(commands)) return sink.enqueueAll(commands, envelope);
      const others = commands.filter((command) => !isOwn(command));
      if (others.length === commands.length) return sink.enqueueAll(commands, envelope);
      return sink.enqueueAll(others, envelope).then((receipts) => {
        const rest = receipts.values();
        return commands.map((command) => (isOwn(command) ? NOTHING : (rest.next().value ?? NOTHING)));
      });
    },
  };
}

function tooDeep({ id, depth }: DomainEvent): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_EVENT_TOO_DEEP",
    { id, depth },
    `${depth} events led to the event "${id}", one after the other: something answers its own events. It was not delivered.`,
  );
}
