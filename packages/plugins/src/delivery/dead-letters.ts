import {
  type Clock,
  type Command,
  type CommandSink,
  isoTime,
  type Logger,
  type ReadOnlyRepo,
} from "@atlas/core";
import { parseEventId } from "@atlas/core/internal";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import type { OneAtATime } from "./one-at-a-time.ts";
import type { Released } from "./release.ts";

/** Which dead letters of a sink: all of them, or that of one event. */
interface DeadLetterChoice {
  readonly event_id?: string;
}

/** What becomes of deliveries that used up their attempts. */
export interface DeadLetters {
  /** Removes those that are old, and looks again every hour. */
  start(): void;
  /** Delivers a sink's dead letters again, with all attempts. Resolves with how many. */
  redrive(sinkId: string, which?: DeadLetterChoice): Promise<number>;
  /** Gives up a sink's dead letters. Resolves with how many. */
  dismiss(sinkId: string, which?: DeadLetterChoice): Promise<number>;
  stop(): void;
}

const LOOK_EVERY_MS = 60 * 60 * 1_000;
const AT_ONCE = 200;

/** The dead letters of all sinks. They are given up `keepMs` after the last attempt; for ever is `Infinity`. */
export function createDeadLetters(options: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly oneAtATime: OneAtATime;
  readonly release: (released: Released) => Promise<void>;
  readonly keepMs: number;
}): DeadLetters {
  const { clock, log, repo, commands, oneAtATime, release, keepMs } = options;
  let cancelTimer: (() => void) | undefined;
  let isStopped = false;

  return {
    start: look,
    redrive: (sink_id, which) =>
      forEachPage(sink_id, which, (event_seqs) =>
        commands.enqueue({ type: "plugins.sink.redrive", sink_id, event_seqs }),
      ),
    dismiss: (sink_id, which) =>
      forEachPage(sink_id, which, (event_seqs) =>
        release({ sink_id, event_seqs, as: "dismiss", actor: "host" }),
      ),
    stop() {
      isStopped = true;
      cancelTimer?.();
    },
  };

  /** Calls `act` with the dead letters in pages, and nothing else that changes them in between. */
  async function forEachPage(
    sink_id: string,
    { event_id }: DeadLetterChoice = {},
    act: (event_seqs: readonly number[]) => Promise<unknown>,
  ): Promise<number> {
    const only = event_id === undefined ? undefined : seqOf(event_id);
    return oneAtATime(async () => {
      let count = 0;
      for (let after = (only ?? 0) - 1; ; ) {
        const limit = only === undefined ? AT_ONCE : 1;
        const rows = await repo.plugins.listFailedOfSink({ sink_id, after, limit });
        // Not by the number: since a restore, another event may have it.
        const dead = rows.filter(
          (row) => row.status === "dead" && (event_id ?? row.event_id) === row.event_id,
        );
        if (dead.length > 0) await act(dead.map((row) => row.event_seq));
        count += dead.length;
        after = rows.at(-1)?.event_seq ?? after;
        if (only !== undefined || rows.length < limit) return count;
      }
    });
  }

  /** The number in an event's id. */
  function seqOf(event_id: string): number {
    const seq = parseEventId(event_id)?.seq;
    if (seq === undefined)
      throw new TypeError(
        `event_id must be the id of a domain event, such as "evt_k3v9x0ab_17"; got "${event_id}".`,
      );
    return seq;
  }

  function look(): void {
    if (isStopped) return;
    const again = (): void => {
      if (!isStopped) cancelTimer = clock.after(LOOK_EVERY_MS, look);
    };
    removeOld().then(again, (error: unknown) => {
      log.warn({ error }, "Old dead letters could not be removed; this will be retried in an hour.");
      again();
    });
  }

  async function removeOld(): Promise<void> {
    const removed = new Map<string, number>();
    const oldest = clock.now() - keepMs;
    if (oldest < 0) return;
    const before = isoTime(oldest);
    while (!isStopped && (await oneAtATime(() => removePage(before, removed)))) {
      // The next page.
    }
    for (const [sink, count] of removed)
      log.warn(
        { sink_id: sink, count },
        `${count} dead letters of the sink "${sink}" were removed, because they were older than keepDeadLettersMs.`,
      );
  }

  /** True when there may be more. */
  async function removePage(before: string, removed: Map<string, number>): Promise<boolean> {
    const old = await repo.plugins.listOldDeadLetters({ before, limit: AT_ONCE });
    const bySink = Map.groupBy(old, ({ sink_id }) => sink_id);
    for (const [sink_id, rows] of bySink) {
      await release({
        sink_id,
        event_seqs: rows.map(({ event_seq }) => event_seq),
        as: "dismiss",
        actor: "delivery",
      });
      removed.set(sink_id, (removed.get(sink_id) ?? 0) + rows.length);
    }
    return old.length === AT_ONCE;
  }
}
