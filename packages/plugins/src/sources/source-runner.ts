import type { Command, CommandSink, ReadOnlyRepo } from "@atlas/core";
import { checkOptions } from "@atlas/core/internal";
import { handled } from "../calling/handled.ts";
import { observed } from "../calling/observer.ts";
import type { PluginHost } from "../calling/plugin-host.ts";
import { PluginError, stopping } from "../contract/errors.ts";
import type { PluginRegistry } from "../contract/registry.ts";
import type { PausedAt } from "../flow/pauses.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { createScheduler, type Scheduler } from "../schedules/scheduler.ts";
import { createSourceCalls, type SourceCheck, type SourceSync } from "./source-calls.ts";
import {
  createSourceDeliveries,
  type PushedBy,
  type PushedDelivery,
  type Received,
} from "./source-deliveries.ts";
import { scheduleOfSource } from "./source-schedule.ts";
import { createSourceState, type SourceHealth, type SourceState } from "./source-state.ts";

/** Syncs sources, on request and by their schedules. */
export interface SourceRunner {
  /** Begins to sync by schedule. */
  start(): Promise<void>;
  /**
   * Syncs one source, or all of them at the same time, and resolves with what each did. A source never syncs twice at once: a second
   * call joins the sync under way and resolves with the same counts. With `full`, the source gets no cursor and reads everything
   * again, after a sync under way has ended. Rejects with the first failure once every sync has ended; what they sent until then is
   * kept. Paused sources are left out; asking for one by its id throws `ATLAS_PLUGINS_SOURCE_PAUSED`. Throws
   * `ATLAS_PLUGINS_SOURCE_UNKNOWN`, and `ATLAS_PLUGINS_SOURCE_BUSY` while a sync that timed out still runs.
   */
  sync(id?: string, options?: SyncOptions): Promise<SyncResult>;
  /**
   * Hands a delivery to the source that it was pushed to, such as a webhook. Resolves once everything that the source made of it is
   * committed. Its signature is checked first: `ATLAS_PLUGINS_DELIVERY_REFUSED`. Throws `ATLAS_PLUGINS_SOURCE_UNKNOWN`,
   * `ATLAS_PLUGINS_SOURCE_NOT_RECEIVING`, `ATLAS_PLUGINS_SOURCE_PAUSED`, `ATLAS_PLUGINS_DELIVERY_INVALID` for a body that is not JSON,
   * `ATLAS_PLUGINS_TIMEOUT` after 30 s, and whatever the source throws. A delivery that comes again changes nothing.
   */
  receive(id: string, pushed: PushedDelivery, by?: PushedBy): Promise<Received>;
  /** Asks every source whether a sync could work. Never rejects. */
  check(): Promise<readonly SourceCheck[]>;
  health(): readonly SourceHealth[];
  /** Asks the syncs under way to end, and aborts them after `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** How to sync. */
export interface SyncOptions {
  /** Reads everything again instead of what is new. Costs a full read; what has not changed is not written. Default: false. */
  readonly full?: boolean;
}

/** What a call of `sync` did. */
export interface SyncResult {
  /** One entry for each source, in the order of registration. */
  readonly sources: readonly SourceSync[];
}

interface UnderWay {
  readonly done: Promise<SourceSync>;
  readonly full: boolean;
}

/** A runner of the registered sources. */
export function createSourceRunner(options: {
  readonly host: PluginHost;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly registry: PluginRegistry;
  /** A random number 0 ≤ x < 1 for the jitter of retries. Default: `Math.random`. */
  readonly random?: () => number;
  /** Says which sources are paused. Default: none is. */
  readonly pausedAt?: PausedAt;
}): SourceRunner {
  const { host, repo, commands, registry, random = Math.random } = options;
  const pausedAt = (id: string): string | undefined => options.pausedAt?.("source", id);
  const { clock, log } = host;
  const sources = [...registry.sources.values()];
  const states = new Map<string, SourceState>();
  const underWay = new Map<string, UnderWay>();
  let isStopping = false;
  const calls = createSourceCalls({ host, repo, commands });
  const deliveries = createSourceDeliveries({
    host,
    repo,
    commands,
    isPaused: (id) => pausedAt(id) !== undefined,
  });
  const scheduler: Scheduler = createScheduler({
    clock,
    log,
    repo,
    commands,
    scheduled: sources.flatMap((source) =>
      scheduleOfSource(source, {
        sync: async () =>
          isStopping || pausedAt(source.id) !== undefined ? undefined : syncOnce(source.id, false),
        failures: () => stateOf(source.id).failures,
        random,
      }),
    ),
  });

  return {
    start: scheduler.start,
    async sync(id, given = {}) {
      checkOptions("sync", given, ["full"]);
      const { full = false } = given;
      const ids = id === undefined ? [...registry.sources.keys()].filter(isActive) : [registry.source(id).id];
      if (!ids.every(isActive)) throw sourcePaused(ids.join());
      const results = await Promise.allSettled(ids.map((one) => syncOnce(one, full)));
      const failed = results.find((result) => result.status === "rejected");
      if (failed !== undefined) throw failed.reason;
      return { sources: results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : [])) };
    },
    receive: async (id, pushed, by = {}) => {
      checkOptions("receive", by, ["cause", "context"]);
      return deliveries.receive(registry.source(id), pushed, by);
    },
    check: () => Promise.all([...registry.sources.values()].map(calls.check)),
    health: () =>
      [...registry.sources.keys()].map((id) =>
        stateOf(id).health({
          id,
          syncing: underWay.has(id),
          hanging: calls.hangingSince(id) !== undefined,
          nextAt: scheduler.nextAt("source", id),
          pausedAt: pausedAt(id),
        }),
      ),
    async stop(graceMs) {
      isStopping = true;
      const reason = stopping();
      calls.ask(reason);
      deliveries.ask(reason);
      const cancel = clock.after(graceMs, () => {
        calls.abort(reason);
        deliveries.abort(reason);
      });
      const ending = scheduler.stop();
      await Promise.allSettled([...underWay.values()].map(({ done }) => done));
      await deliveries.settled();
      await ending;
      cancel();
    },
  };

  function isActive(id: string): boolean {
    return pausedAt(id) === undefined;
  }

  function stateOf(id: string): SourceState {
    const known = states.get(id);
    if (known !== undefined) return known;
    const state = createSourceState();
    states.set(id, state);
    return state;
  }

  function syncOnce(id: string, full: boolean): Promise<SourceSync> {
    const running = underWay.get(id);
    if (running !== undefined && (running.full || !full)) return running.done;
    // A full sync that is asked for during another one follows it, whether that succeeds or fails.
    const before = running?.done.catch(() => undefined);
    const done = handled(before === undefined ? runSync(id, full) : before.then(() => runSync(id, full)));
    const entry = { done, full };
    underWay.set(id, entry);
    const forget = (): void => {
      if (underWay.get(id) === entry) underWay.delete(id);
    };
    done.then(forget, forget);
    return done;
  }

  async function runSync(id: string, full: boolean): Promise<SourceSync> {
    if (isStopping) throw stopping();
    const state = stateOf(id);
    try {
      const synced = await observed(
        host,
        () => ({ kind: "sync", source_id: id, full }),
        (traceparent) => calls.sync(registry.source(id), { full, traceparent }),
      );
      state.succeeded(clock.now(), synced.refused);
      return synced;
    } catch (error) {
      state.failed(error);
      const { failures } = state;
      log.error(
        { source_id: id, failures, error },
        `A sync of the source "${id}" failed. Its cursor is unchanged.`,
      );
      throw error;
    }
  }
}

function sourcePaused(id: string): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_SOURCE_PAUSED",
    { id },
    `The source "${id}" is paused and was not synced. Call gateway.resume({ source: "${id}" }) first.`,
  );
}
