import { type Clock, isoTime, type Logger, type ReadOnlyRepo } from "@atlas/core";
import { ownerOfPlace } from "../flow/triggers.ts";
import type { PluginsModule } from "../module/plugins-module.ts";
import { HELD_MS } from "./held-places.ts";

/** The sinks that the gateway no longer has. Events are kept for them for seven days, in case they come back. */
export interface GoneSinks {
  /** Reads who is gone. */
  load(present: ReadonlySet<string>): Promise<void>;
  /** Up to which event each of them had come. */
  readonly cursors: () => readonly number[];
  /** Gives up those that were last registered seven days ago or earlier. */
  forget(): Promise<void>;
}

const FAILED_AT_ONCE = 200;

/** Sinks with a stored cursor that are not in this gateway. `release` removes failed deliveries, `forget` the cursor. */
export function createGoneSinks(options: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  /** A row that belongs to delivery itself. */
  readonly except: string;
  readonly release: (sink_id: string, event_seqs: readonly number[]) => Promise<void>;
  readonly forget: (sink_id: string) => Promise<unknown>;
}): GoneSinks {
  const { clock, log, repo, except, release, forget } = options;
  const gone = new Map<string, { readonly event_seq: number; readonly seen_at: string }>();

  return {
    async load(present) {
      for (const row of await repo.plugins.listSinkCursors())
        if (row.sink_id !== except && !present.has(row.sink_id)) gone.set(row.sink_id, row);
    },
    cursors: () => [...gone.values()].map(({ event_seq }) => event_seq),
    async forget() {
      const oldest = isoTime(clock.now() - HELD_MS);
      for (const [sink, { seen_at, event_seq }] of gone) {
        if (seen_at > oldest) continue;
        // What others do not need is marked as delivered: once the rows are gone, nobody would find these events again.
        for (;;) {
          const failed = await repo.plugins.listFailedOfSink({
            sink_id: sink,
            after: 0,
            limit: FAILED_AT_ONCE,
          });
          if (failed.length === 0) break;
          await release(
            sink,
            failed.map((one) => one.event_seq),
          );
        }
        await forget(sink);
        gone.delete(sink);
        log.warn(
          { sink_id: sink, event_seq, seen_at },
          `The gateway has not had the ${ownerOfPlace(sink)} for 7 days. Events are no longer kept for it.`,
        );
      }
    },
  };
}
