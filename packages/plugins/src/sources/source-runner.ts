import { type Command, type CommandSink, isoTime, type ReadOnlyRepo } from "@atlas/core";
import { type Call, startCall } from "../calling/call.ts";
import { readFailure } from "../calling/failure.ts";
import { handled, type PluginHost, trackCommands } from "../contract/context.ts";
import { stopping } from "../contract/errors.ts";
import type { PluginRegistry } from "../contract/registry.ts";
import { retryDelayMs } from "../contract/retry.ts";
import type { SourceContext, SourcePlugin } from "../contract/source.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { createScheduler, type Scheduled, type Scheduler } from "../schedules/scheduler.ts";

/** Runs sources: when they are asked for, and by their schedules. */
export interface SourceRunner {
  /** Begins to keep the schedules. */
  start(): Promise<void>;
  /**
   * Syncs one source, or all of them, each at most once at a time: a second call joins the sync under way. With `full`, a
   * source reads everything again. Rejects with the first failure, after all have ended.
   */
  sync(id?: string, options?: { readonly full?: boolean }): Promise<void>;
  /** Asks every source whether a sync could work. Never rejects. */
  check(): Promise<readonly SourceCheck[]>;
  health(): readonly SourceHealth[];
  /** Asks the syncs under way to end through their signal, and waits for them at most `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

/** What a source's own check found. */
export type SourceCheck =
  | { readonly id: string; readonly status: "ok" }
  | { readonly id: string; readonly status: "failed"; readonly error: string }
  /** It has no check. */
  | { readonly id: string; readonly status: "unchecked" };

/** How a source is. */
export interface SourceHealth {
  readonly id: string;
  readonly status: "ok" | "failing";
  readonly syncing: boolean;
  /** Failed syncs one after the other. */
  readonly failures: number;
  /** What the last of them failed with. */
  readonly error?: string;
  readonly last_synced_at?: string;
  /** When its schedule comes next. */
  readonly next_at?: string;
}

interface UnderWay {
  readonly done: Promise<void>;
  readonly full: boolean;
}

interface State {
  failures: number;
  error?: string;
  lastSyncedAt?: number;
}

const DEFAULT_TIMEOUT_MS = 15 * 60 * 1_000;
const CHECK_TIMEOUT_MS = 30_000;
const GRACE_MS = 5_000;
const NO_SERVICES = Object.freeze({});

/** A runner of the registered sources. */
export function createSourceRunner(options: {
  readonly host: PluginHost;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly registry: PluginRegistry;
  /** A number 0 ≤ x < 1 for the pause before a retry. Default: `Math.random`. */
  readonly random?: () => number;
}): SourceRunner {
  const { host, repo, commands, registry } = options;
  const { clock, log } = host;
  const random = options.random ?? Math.random;
  const underWay = new Map<string, UnderWay>();
  const calls = new Set<Call>();
  const states = new Map<string, State>();
  let isStopping = false;
  const scheduler: Scheduler = createScheduler({
    clock,
    log,
    repo,
    commands,
    scheduled: [...registry.sources.values()].flatMap(scheduleOf),
  });

  return {
    start: scheduler.start,
    async sync(id, { full = false } = {}) {
      const ids = id === undefined ? [...registry.sources.keys()] : [registry.source(id).id];
      const results = await Promise.allSettled(ids.map((one) => syncOnce(one, full)));
      const failed = results.find((result) => result.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    },
    check: () => Promise.all([...registry.sources.values()].map(check)),
    health: () => [...registry.sources.keys()].map(healthOf),
    async stop(graceMs) {
      isStopping = true;
      const reason = stopping();
      for (const call of calls) call.ask(reason);
      const cancel = clock.after(graceMs, () => {
        for (const call of calls) call.abort(reason, 0);
      });
      const ending = scheduler.stop();
      await Promise.allSettled([...underWay.values()].map(({ done }) => done));
      await ending;
      cancel();
    },
  };

  function scheduleOf(source: SourcePlugin): readonly Scheduled[] {
    const { id, schedule, retry } = source;
    if (schedule === undefined) return [];
    const fire: Scheduled["fire"] = async () => {
      if (isStopping) return {};
      try {
        await syncOnce(id, false);
        return {};
      } catch (error) {
        const { retryable, retryAfterMs = 0 } = readFailure(error);
        if (!retryable) return {};
        const { failures } = stateOf(id);
        return {
          pauseMs: Math.max(retryAfterMs, retryDelayMs(failures, { policy: retry, random: random() })),
        };
      }
    };
    return [{ kind: "source", id, schedule, fire }];
  }

  function stateOf(id: string): State {
    const known = states.get(id);
    if (known !== undefined) return known;
    const state: State = { failures: 0 };
    states.set(id, state);
    return state;
  }

  function syncOnce(id: string, full: boolean): Promise<void> {
    const running = underWay.get(id);
    if (running !== undefined && (running.full || !full)) return running.done;
    // A full sync that comes during another follows it, whatever becomes of that.
    const before = running === undefined ? undefined : running.done.catch(() => undefined);
    const done = handled(before === undefined ? runSync(id, full) : before.then(() => runSync(id, full)));
    const entry = { done, full };
    underWay.set(id, entry);
    const forget = (): void => {
      if (underWay.get(id) === entry) underWay.delete(id);
    };
    done.then(forget, forget);
    return done;
  }

  async function runSync(id: string, full: boolean): Promise<void> {
    if (isStopping) throw stopping();
    const state = stateOf(id);
    try {
      await callSync(registry.source(id), full);
      state.failures = 0;
      delete state.error;
      state.lastSyncedAt = clock.now();
    } catch (error) {
      state.failures += 1;
      state.error = String(readFailure(error).error["message"]);
      const { failures } = state;
      log.error({ source: id, failures, error }, `The source "${id}" failed; its cursor stays where it was.`);
      throw error;
    }
  }

  async function callSync(source: SourcePlugin, full: boolean): Promise<void> {
    const { id, timeoutMs = DEFAULT_TIMEOUT_MS } = source;
    const actor = `source:${id}`;
    const tracked = trackCommands(commands, { actor });
    const checkpoint: SourceContext["checkpoint"] = async (next, together = []) => {
      tracked.refuse();
      await tracked.settled();
      const keep = { type: "plugins.source.checkpoint", source_id: id, cursor: next } as const;
      await tracked.commands.enqueueAll([...together, keep]);
    };
    const call = startCall({
      clock,
      plugin: `The source "${id}"`,
      timeoutMs,
      graceMs: GRACE_MS,
      onAbort: tracked.end,
      async work(started) {
        const cursor = full ? undefined : await repo.plugins.getSourceCursor(id);
        if (isStopping) throw stopping();
        await source.sync({
          ...shared(),
          get signal() {
            return started.signal;
          },
          commands: tracked.commands,
          cursor,
          full,
          checkpoint: (next, together) => handled(checkpoint(next, together)),
        });
        await tracked.settled();
      },
    });
    await finish(call, tracked.end);
  }

  async function finish(call: Call, end: () => void): Promise<void> {
    calls.add(call);
    const how = await call.ended;
    calls.delete(call);
    end();
    if (how.kind === "threw") throw how.error;
    if (how.kind === "aborted") throw how.reason;
  }

  function shared() {
    return { repo, log, clock, services: host.services ?? NO_SERVICES };
  }

  async function check(source: SourcePlugin): Promise<SourceCheck> {
    const { id } = source;
    if (source.check === undefined) return { id, status: "unchecked" };
    try {
      const cursor = await repo.plugins.getSourceCursor(id);
      const call = startCall({
        clock,
        plugin: `The check of the source "${id}"`,
        timeoutMs: CHECK_TIMEOUT_MS,
        graceMs: 0,
        onAbort: () => undefined,
        work: async ({ signal }) => source.check?.({ ...shared(), signal, cursor }),
      });
      await finish(call, () => undefined);
      return { id, status: "ok" };
    } catch (error) {
      return { id, status: "failed", error: String(readFailure(error).error["message"]) };
    }
  }

  function healthOf(id: string): SourceHealth {
    const { failures, error, lastSyncedAt } = stateOf(id);
    const nextAt = scheduler.nextAt("source", id);
    return {
      id,
      status: failures === 0 ? "ok" : "failing",
      syncing: underWay.has(id),
      failures,
      ...(error === undefined ? {} : { error }),
      ...(lastSyncedAt === undefined ? {} : { last_synced_at: isoTime(lastSyncedAt) }),
      ...(nextAt === undefined || !Number.isFinite(nextAt) ? {} : { next_at: isoTime(nextAt) }),
    };
  }
}
