import type { Command, JsonValue } from "@atlas/core";
import type { PluginContext } from "./context.ts";

/** Brings the outside world in: reads what is new since its cursor and enqueues it. */
export interface SourcePlugin {
  readonly id: string;
  sync(ctx: SourceContext): Promise<void>;
}

/** What a source is given for one sync. */
export interface SourceContext extends PluginContext {
  /** What the last checkpoint kept; nothing before the first. */
  readonly cursor: JsonValue | undefined;
  /**
   * Keeps how far this source has come. It first waits for every command of this sync and throws when one was refused, so
   * that the cursor never runs ahead of the data; then `commands` (at most 999) and the cursor are committed as one unit.
   */
  checkpoint(cursor: JsonValue, commands?: readonly Command[]): Promise<void>;
}

/** Types a source. */
export function defineSource<Source extends SourcePlugin>(source: Source): Source {
  return source;
}
