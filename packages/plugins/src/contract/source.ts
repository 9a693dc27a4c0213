import type { Command, JsonValue } from "@atlas/core";
import type { PluginContext } from "./context.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Schedule } from "./schedule.ts";

/** Brings the outside world in: reads what is new since its cursor and enqueues it. */
export interface SourcePlugin {
  readonly id: string;
  /** Reads what is new. It is never called while a sync of the same source is under way. */
  sync(ctx: SourceContext): Promise<void>;
  /**
   * Looks whether a sync could work: can it connect, is its configuration right? It throws an error that says what is
   * wrong. `gateway.check()` asks every source.
   */
  check?(ctx: SourceCheckContext): Promise<void>;
  /** When to sync. Default: only when asked to. */
  readonly schedule?: Schedule;
  /** Pauses after failed syncs; `maxAttempts` means nothing here, for a source never gives up. */
  readonly retry?: RetryPolicy;
  /** How long a sync may take, in milliseconds. Default: 900,000 (15 minutes). */
  readonly timeoutMs?: number;
}

/** What a source is given for one sync. */
export interface SourceContext extends PluginContext {
  /** What the last checkpoint kept; nothing before the first, and in a full sync. */
  readonly cursor: JsonValue | undefined;
  /** True when everything is to be read again, not only what is new. */
  readonly full: boolean;
  /**
   * Keeps how far this source has come. It first waits for every command of this sync and throws when one was refused, so
   * that the cursor never runs ahead of the data; then `commands` (at most 999) and the cursor are committed as one unit.
   */
  checkpoint(cursor: JsonValue, commands?: readonly Command[]): Promise<void>;
}

/** What a source's check is given: it can read, and nothing else. */
export type SourceCheckContext = Omit<PluginContext, "commands"> & { readonly cursor: JsonValue | undefined };

/** Types a source. */
export function defineSource<Source extends SourcePlugin>(source: Source): Source {
  return source;
}
