import {
  type Clock,
  type Command,
  type CommandSink,
  isoTime,
  type Logger,
  type ReadOnlyRepo,
} from "@atlas/core";
import { eventId, parseEventId } from "@atlas/core/internal";
import { ownerOfPlace } from "../flow/triggers.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { HELD_MS } from "./held-places.ts";

/** Marks the events that every sink has taken as delivered, so that prune may remove them. */
export interface Delivered {
  /** Reads the cursors of sinks that are gone, and up to which event all are marked. */
  load(): Promise<void>;
  /** Says that a cursor has moved. */
  moved(): void;
  /** Says that a failed delivery has succeeded after all. */
  settled(seq: number): Promise<void>;
  /** Marks now whatever can be marked. */
  note(): Promise<void>;
  stop(): void;
}

/** The cursor up to which events are marked. A plugin cannot have this id. */
const NOTED = "$delivered";

const NOTE_EVERY_MS = 1_000;
const NEXT_NOTE_MS = 20;
const EVENTS_A_NOTE = 2_000;
const ACTOR = { actor: "delivery" };

/** The marks of one delivery. `cursors` gives the cursor of each sink that the gateway has, and infinity for one that needs no events kept. */
export function createDelivered(options: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly cursors: () => ReadonlyMap<string, number>;
}): Delivered {
  const { clock, log, repo, commands, cursors } = options;
  /** Sinks that the gateway no longer has. Their events are kept for a while, in case they come back. */
  const gone = new Map<string, { readonly event_seq: number; readonly seen_at: string }>();
  let noted = 0;
  let cancelTimer: (() => void) | undefined;
  let isStopped = false;
  let noting: Promise<boolean> | undefined;

  const delivered: Delivered = {
    async load() {
      for (const row of await repo.plugins.listSinkCursors()) {
        if (row.sink_id === NOTED) noted = row.event_seq;
        else if (!cursors().has(row.sink_id)) gone.set(row.sink_id, row);
      }
      delivered.moved();
    },
    moved: () => later(NOTE_EVERY_MS),
    async settled(seq) {
      if (seq > noted || (await repo.plugins.listFailedEventSeqs(seq, seq)).length > 0) return;
      const store = await storeId();
      if (store !== undefined)
        await commands.enqueue({ type: "domainEvent.markDelivered", id: eventId({ store, seq }) }, ACTOR);
    },
    async note() {
      while (await once()) {
        // The next page.
      }
    },
    stop() {
      isStopped = true;
      cancelTimer?.();
    },
  };
  return delivered;

  function later(inMs: number): void {
    if (cancelTimer !== undefined || isStopped) return;
    cancelTimer = clock.after(inMs, () => {
      cancelTimer = undefined;
      once().then(
        (more) => {
          if (more) later(NEXT_NOTE_MS);
        },
        (error: unknown) => {
          log.warn({ error }, "Delivered events could not be marked as such; this will be retried.");
          later(NOTE_EVERY_MS);
        },
      );
    });
  }

  /** Marks one page; true when there is more. One at a time, since two would mark the same events. */
  async function once(): Promise<boolean> {
    while (noting !== undefined) await noting.catch(() => undefined);
    noting = part();
    try {
      return await noting;
    } finally {
      noting = undefined;
    }
  }

  async function part(): Promise<boolean> {
    await forgetGone();
    const places = [...cursors().values(), ...[...gone.values()].map(({ event_seq }) => event_seq)];
    const last = Math.min(await repo.plugins.lastEventSeq(), ...places);
    if (last <= noted) return false;
    const through = Math.min(last, noted + EVENTS_A_NOTE);
    const store = await storeId();
    if (store === undefined) return false;
    const marks: Command[] = [];
    let from = noted + 1;
    const mark = (to: number): void => {
      if (to >= from)
        marks.push({ type: "domainEvent.markDelivered", id: eventId({ store, seq: from }), through_seq: to });
    };
    for (const seq of await repo.plugins.listFailedEventSeqs(from, through)) {
      mark(seq - 1);
      from = seq + 1;
    }
    mark(through);
    // Many failed deliveries make many commands, more than one unit may hold.
    for (const command of marks) void commands.enqueue(command, ACTOR);
    await commands.enqueue({ type: "plugins.sink.advance", sink_id: NOTED, event_seq: through }, ACTOR);
    noted = through;
    return through < last;
  }

  async function forgetGone(): Promise<void> {
    const oldest = isoTime(clock.now() - HELD_MS);
    for (const [sink, { seen_at, event_seq }] of gone) {
      if (seen_at > oldest) continue;
      gone.delete(sink);
      log.warn(
        { sink, event_seq, seen_at },
        `The gateway has not had the ${ownerOfPlace(sink)} for 7 days. Events are no longer kept for it.`,
      );
      await commands.enqueue({ type: "plugins.sink.forget", sink_id: sink }, ACTOR);
    }
  }

  async function storeId(): Promise<string | undefined> {
    const [event] = (await repo.listDomainEvents({ limit: 1 })).items;
    return event === undefined ? undefined : parseEventId(event.id)?.store;
  }
}
