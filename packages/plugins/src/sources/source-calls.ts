import { type Command, type CommandSink, isoTime, type JsonValue, type ReadOnlyRepo } from "@atlas/core";
import { type Call, startCall } from "../calling/call.ts";
import { logWith, NO_CONTEXT } from "../calling/call-context.ts";
import { messageOf } from "../calling/failure.ts";
import { withTraceparent } from "../calling/observer.ts";
import { type PluginHost, servicesOf } from "../calling/plugin-host.ts";
import { trackCommands } from "../calling/tracked-commands.ts";
import { PluginError, stopping } from "../contract/errors.ts";
import type { SourceContext, SourcePlugin } from "../contract/source.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { createCheckpoints } from "./checkpoints.ts";
import { keepRefusedRecords } from "./refused-records.ts";
import { checkSourceCursor, readSourceCursor } from "./source-cursor.ts";

/** What one sync of a source did. */
export interface SourceSync {
  readonly id: string;
  /** Committed commands of the source: `changed` and `unchanged` together. */
  readonly commands: number;
  /** Commands that changed something. */
  readonly changed: number;
  /** Commands that brought nothing new, and so wrote nothing. */
  readonly unchanged: number;
  /** Commands that were refused and kept as refused records, see `maxRefused`. */
  readonly refused: number;
  /** How often the source stored its cursor. */
  readonly checkpoints: number;
}

/** What a source's check found. */
export type SourceCheck =
  | { readonly id: string; readonly status: "ok" }
  | { readonly id: string; readonly status: "failed"; readonly error: string }
  /** The source has no `check`. */
  | { readonly id: string; readonly status: "unchecked" };

/** How to call `sync`. */
interface SourceSyncOptions {
  readonly full: boolean;
  /** The span of the sync, which its commands belong to. */
  readonly traceparent?: string | undefined;
}

/** Calls the methods of sources. */
export interface SourceCalls {
  /** Calls `sync` once; rejects with what it threw. Throws `ATLAS_PLUGINS_SOURCE_BUSY` while an earlier call still runs. */
  sync(source: SourcePlugin, options: SourceSyncOptions): Promise<SourceSync>;
  /** Since when a call of `sync` runs that has been given up, because it does not end; nothing when there is none. */
  hangingSince(id: string): string | undefined;
  /** Calls `check`. Never rejects. */
  check(source: SourcePlugin): Promise<SourceCheck>;
  /** Asks every call to end through its signal. What it still sends counts. */
  ask(reason: PluginError): void;
  /** Ends every call. Nothing that it sends from now on counts. */
  abort(reason: PluginError): void;
}

const SYNC_TIMEOUT_MS = 15 * 60 * 1_000;
const CHECK_TIMEOUT_MS = 30_000;
const GRACE_MS = 5_000;

/** The calls of one gateway's sources. */
export function createSourceCalls(options: {
  readonly host: PluginHost;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
}): SourceCalls {
  const { host, repo, commands } = options;
  const { clock, log } = host;
  const services = servicesOf(host);
  const sharedWith = (source_id: string) => ({ repo, log: logWith(log, { source_id }), clock, services });
  const calls = new Set<Call>();
  const hanging = new Map<string, string>();
  let isStopping = false;

  return {
    async sync(source, { full, traceparent }) {
      const { id, timeoutMs = SYNC_TIMEOUT_MS, maxRefused = 0 } = source;
      const since = hanging.get(id);
      if (since !== undefined) throw stillRunning(id, since);
      const begunAt = isoTime(clock.now());
      const tracked = trackCommands(commands, {
        actor: `source:${id}`,
        context: withTraceparent(NO_CONTEXT, traceparent),
      });
      const refused = keepRefusedRecords(tracked, { source: id, maxRefused, store: commands });
      const checkpoints = createCheckpoints();
      // The cursor is sent like a command of the source, and is none.
      const cursors = { stored: 0, changed: 0 };
      const checkpoint: SourceContext["checkpoint"] = async (cursor, together = []) => {
        tracked.refuse();
        await checkSourceCursor(source, cursor);
        await tracked.settled();
        const keep = { type: "plugins.source.checkpoint", source_id: id, cursor } as const;
        const receipts = await tracked.commands.enqueueAll([...together, keep]);
        cursors.stored += 1;
        if (receipts.at(-1)?.changed === true) cursors.changed += 1;
      };
      const call = startCall({
        clock,
        plugin: `The source "${id}"`,
        timeoutMs,
        graceMs: GRACE_MS,
        onAbort: tracked.end,
        async work(started) {
          const stored = full ? undefined : await repo.plugins.getSourceCursor(id);
          const cursor = await readSourceCursor(source, stored);
          if (isStopping) throw stopping();
          await source.sync({
            ...sharedWith(id),
            signal: started.signal,
            commands: refused.commands,
            context: NO_CONTEXT,
            // What the schema gives is what `sync` was typed with.
            cursor: cursor as JsonValue | undefined,
            full,
            checkpoint: (next, together) => checkpoints.add(() => checkpoint(next, together)),
          });
          await checkpoints.settled();
          await tracked.settled();
        },
      });
      let isOver = false;
      void call.workEnded.then(() => {
        isOver = true;
        hanging.delete(id);
      });
      try {
        await ended(call);
      } finally {
        tracked.end();
        if (!isOver) hanging.set(id, begunAt);
      }
      if (full && maxRefused > 0)
        await commands.enqueue(
          { type: "plugins.source.forgetRefused", source_id: id, before: begunAt },
          { actor: `source:${id}` },
        );
      const changed = tracked.sent.changed - cursors.changed;
      const unchanged = tracked.sent.unchanged - (cursors.stored - cursors.changed);
      return {
        id,
        commands: changed + unchanged,
        changed,
        unchanged,
        refused: refused.count,
        checkpoints: cursors.stored,
      };
    },
    hangingSince: (id) => hanging.get(id),
    async check(source) {
      const { id } = source;
      if (source.check === undefined) return { id, status: "unchecked" };
      try {
        const stored = await repo.plugins.getSourceCursor(id);
        const cursor = (await readSourceCursor(source, stored)) as JsonValue | undefined;
        const call = startCall({
          clock,
          plugin: `The check of the source "${id}"`,
          timeoutMs: CHECK_TIMEOUT_MS,
          graceMs: 0,
          onAbort: () => undefined,
          work: async ({ signal }) => source.check?.({ ...sharedWith(id), signal, cursor }),
        });
        await ended(call);
        return { id, status: "ok" };
      } catch (error) {
        return { id, status: "failed", error: messageOf(error) };
      }
    },
    ask(reason) {
      isStopping = true;
      for (const call of calls) call.ask(reason);
    },
    abort(reason) {
      for (const call of calls) call.abort(reason, 0);
    },
  };

  async function ended(call: Call): Promise<void> {
    calls.add(call);
    const end = await call.ended;
    calls.delete(call);
    if (end.kind === "threw") throw end.error;
    if (end.kind === "aborted") throw end.reason;
  }
}

function stillRunning(id: string, since: string): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_SOURCE_BUSY",
    { id, since },
    `The source "${id}" was not synced: a sync that began at ${since} was given up and still runs, so its sync method ignores ctx.signal. End its work when the signal aborts. Until then only a restart of the process syncs this source again.`,
  );
}
