import type { Command, CommandOf, JsonValue, StoreModule } from "@atlas/core";
import type { PluginContext } from "./context.ts";
import type { PluginNeeds } from "./needs.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Schedule } from "./schedule.ts";
import type { Need, PluginServices, ServicesOf } from "./service.ts";

/** Brings data in: reads what is new since its cursor and sends it as commands. */
export interface SourcePlugin extends SourceOptions, PluginNeeds {
  readonly id: string;
  /** Reads what is new. It never runs twice at the same time. */
  sync(ctx: SourceContext): Promise<void>;
  /**
   * Tests whether a sync could work: can it connect, is its configuration right? It throws an error that says what is wrong. It has 30 s,
   * and `gateway.check()` calls it for every source. Default: the source is reported as `unchecked`.
   */
  check?(ctx: SourceCheckContext): Promise<void>;
}

/** When and for how long a source syncs. */
export interface SourceOptions {
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
export interface SourceContext<Module extends StoreModule = never, Services extends object = PluginServices>
  extends PluginContext<Module, Services> {
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
  checkpoint(cursor: JsonValue, commands?: readonly (Command | CommandOf<Module>)[]): Promise<void>;
}

/** What a source's check gets: it can read, but not write. */
export type SourceCheckContext<
  Module extends StoreModule = never,
  Services extends object = PluginServices,
> = Omit<PluginContext<Module, Services>, "commands" | "context"> & {
  readonly cursor: JsonValue | undefined;
};

/** Returns the source as it is, typed: `ctx` has the modules that it `uses` and the services that it `needs`. */
export function defineSource<
  const Uses extends readonly StoreModule[] = readonly [],
  const Needs extends readonly Need[] = readonly [],
>(
  source: SourceOptions & {
    readonly id: string;
    readonly uses?: Uses;
    readonly needs?: Needs;
    sync(ctx: SourceContext<Uses[number], ServicesOf<Needs>>): Promise<void>;
    check?(ctx: SourceCheckContext<Uses[number], ServicesOf<Needs>>): Promise<void>;
  },
): SourcePlugin {
  // The runner passes to the methods what `uses` and `needs` of this object say.
  return source as never;
}
