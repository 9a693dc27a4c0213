import type { Clock, Command, CommandSink, ReadOnlyRepo } from "@atlas/core";
import type { SinkPlugin } from "../contract/sink.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";

/** How far a sink has come in the log of domain events, and what is stored of it. */
export interface SinkPlace {
  /** The number of the last event that the sink has passed. */
  readonly seq: number;
  /** Reads the stored cursor; a new sink begins after `last`, or with the oldest event. */
  begin(last: number): Promise<void>;
  /** The sink has passed every event up to this one. */
  pass(seq: number): void;
  /** True when the cursor should be stored now. */
  isDue(): boolean;
  /** How long until the cursor must be stored, in milliseconds. */
  dueInMs(): number;
  /** Stores the cursor, and that the gateway has the sink now. */
  keep(): Promise<void>;
}

// Storing a cursor is a command in the journal. After a crash, the events handled since the last one are delivered again.
const KEEP_EVERY_MS = 200;
// Says that the gateway still has the sink, also when nothing happens: a sink that is gone holds events for 7 days from here.
const SEEN_EVERY_MS = 60 * 60 * 1_000;

/** The place of one sink. */
export function createSinkPlace(
  { id, from }: Pick<SinkPlugin, "id" | "from">,
  options: {
    readonly clock: Clock;
    readonly repo: ReadOnlyRepo<PluginsModule>;
    readonly commands: CommandSink<Command | PluginsCommand>;
  },
): SinkPlace {
  const { clock, repo, commands } = options;
  let cursor = 0;
  let kept = 0;
  let keptAt = 0;

  const place: SinkPlace = {
    get seq() {
      return cursor;
    },
    async begin(last) {
      cursor = (await repo.plugins.getSinkCursor(id)) ?? (from === "start" ? 0 : last);
      await place.keep();
    },
    pass(seq) {
      cursor = seq;
    },
    isDue: () => place.dueInMs() <= 0,
    dueInMs: () => keptAt + (cursor > kept ? KEEP_EVERY_MS : SEEN_EVERY_MS) - clock.monotonic(),
    async keep() {
      const event_seq = cursor;
      keptAt = clock.monotonic();
      await commands.enqueue(
        { type: "plugins.sink.advance", sink_id: id, event_seq },
        { actor: `sink:${id}` },
      );
      kept = Math.max(kept, event_seq);
    },
  };
  return place;
}
