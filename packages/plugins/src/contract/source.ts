import type { Command, JsonValue } from "@atlas/core";
import type { PluginContext } from "./context.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Schedule } from "./schedule.ts";

/** Brings data in: reads what is new since its cursor and sends it as commands. */
export interface SourcePlugin {
  readonly id: string;
  /** Reads what is new. It never runs twice at the same time. */
  sync(ctx: SourceContext): Promise<void>;
  /**
   * Tests whether a sync could work: can it connect, is its configuration right? It throws an error that says what is wrong. It has 30 s,
   * and `gateway.check()` calls it for every source. Default: the source is reported as `unchecked`.
   */
  check?(ctx: SourceCheckContext): Promise<void>;
  /** When to sync by itself. Default: only when `gateway.sync` is called. */
  readonly schedule?: Schedule;
  /** Pauses after failed syncs of a scheduled source. `maxAttempts` is ignored, because a source never gives up. */
  readonly retry?: RetryPolicy;
  /**
   * Time limit of one sync, in milliseconds. Default: 900,000 (15 min). Raise it for a long first import, or store a checkpoint after
   * each page: a sync that runs out of time then goes on from the last one.
   */
  readonly timeoutMs?: number;
}

/** What a source gets for one sync. */
export interface SourceContext extends PluginContext {
  /** The cursor of the last checkpoint; absent before the first one and in a full sync. */
  readonly cursor: JsonValue | undefined;
  /** True when the source is asked to read everything again. */
  readonly full: boolean;
  /**
   * Stores how far the source has come. It first waits until every command of this sync is committed, and throws if one was refused:
   * the cursor never runs ahead of the data. It then commits `commands` (at most 999) and the cursor as one unit.
   *
   * A source may send commands without awaiting them, up to 5,000 that are not committed yet. Awaiting a checkpoint after each page
   * keeps it below that limit, whatever the number of commands in all.
   */
  checkpoint(cursor: JsonValue, commands?: readonly Command[]): Promise<void>;
}

/** What a source's check gets: it can read, but not write. */
export type SourceCheckContext = Omit<PluginContext, "commands"> & { readonly cursor: JsonValue | undefined };

/** Returns the source as it is, typed. */
export function defineSource<Source extends SourcePlugin>(source: Source): Source {
  return source;
}
