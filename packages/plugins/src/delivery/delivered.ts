import type { Clock, Command, CommandSink, Logger, ReadOnlyRepo } from "@atlas/core";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { createGoneSinks } from "./gone-sinks.ts";
import type { OneAtATime } from "./one-at-a-time.ts";
import { markThrough, type Released, release } from "./release.ts";

/** Marks the events that every sink has taken as delivered, so that prune may remove them. */
export interface Delivered {
  /** Reads the cursors of sinks that are gone, and up to which event all are marked. */
  load(): Promise<void>;
  /** Says that a cursor has moved. */
  moved(): void;
  /** Removes failed deliveries and marks their events; only within `oneAtATime`. */
  release(released: Released): Promise<void>;
  /** Marks now whatever can be marked. */
  note(): Promise<void>;
  stop(): void;
}

/** The cursor up to which events are marked. A plugin cannot have this id. */
const NOTED = "$delivered";

const NOTE_EVERY_MS = 1_000;
// Each page is a commit, which waits for the disk: 10,000 events a second are enough, and leave the disk to others.
const NEXT_NOTE_MS = 100;
// One update, which holds the event loop for some milliseconds together with its commit.
const EVENTS_A_NOTE = 1_000;
const ACTOR = { actor: "delivery" };

/** The marks of one delivery. `cursors` gives the cursor of each sink that the gateway has, and infinity for one that needs no events kept. */
export function createDelivered(options: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly cursors: () => ReadonlyMap<string, number>;
  /** Two at once would mark the same events, or leave a mark to each other. */
  readonly oneAtATime: OneAtATime;
}): Delivered {
  const { clock, log, repo, commands, cursors, oneAtATime } = options;
  let noted = 0;
  let cancelTimer: (() => void) | undefined;
  let dueAt = 0;
  let isStopped = false;
  const gone = createGoneSinks({
    clock,
    log,
    repo,
    except: NOTED,
    release: (sink_id, event_seqs) =>
      delivered.release({ sink_id, event_seqs, as: "settle", actor: ACTOR.actor }),
    forget: (sink_id) => commands.enqueue({ type: "plugins.sink.forget", sink_id }, ACTOR),
  });

  const delivered: Delivered = {
    async load() {
      noted = (await repo.plugins.getSinkCursor(NOTED)) ?? 0;
      await gone.load(new Set(cursors().keys()));
      delivered.moved();
    },
    moved: () => later(NOTE_EVERY_MS),
    release: (released) => release(released, { repo, commands, noted }),
    async note() {
      while (await oneAtATime(page)) {
        // The next page.
      }
    },
    stop() {
      isStopped = true;
      cancelTimer?.();
    },
  };
  return delivered;

  /** An earlier time stands: the commit of a page of marks says `moved` before the next page asks for its own. */
  function later(inMs: number): void {
    const at = clock.monotonic() + inMs;
    if (isStopped || (cancelTimer !== undefined && dueAt <= at)) return;
    cancelTimer?.();
    dueAt = at;
    cancelTimer = clock.after(inMs, () => {
      cancelTimer = undefined;
      oneAtATime(page).then(
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

  /** Marks one page; true when there is more. */
  async function page(): Promise<boolean> {
    await gone.forget();
    const last = Math.min(await repo.plugins.lastEventSeq(), ...cursors().values(), ...gone.cursors());
    if (last <= noted) return false;
    const through = Math.min(last, noted + EVENTS_A_NOTE);
    const marks: Command[] = [];
    let from = noted + 1;
    for (const seq of await repo.plugins.listFailedEventSeqs(from, through)) {
      marks.push(...(await markThrough(repo, from, seq - 1)));
      from = seq + 1;
    }
    marks.push(...(await markThrough(repo, from, through)));
    // Many failed deliveries make many commands, more than one unit may hold.
    for (const command of marks) void commands.enqueue(command, ACTOR);
    await commands.enqueue({ type: "plugins.sink.advance", sink_id: NOTED, event_seq: through }, ACTOR);
    noted = through;
    return through < last;
  }
}
