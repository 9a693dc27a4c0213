import {
  type Clock,
  type Command,
  type CommandSink,
  canonicalJson,
  isoTime,
  type Logger,
  type ReadOnlyRepo,
} from "@atlas/core";
import { createLoop, type Loop } from "@atlas/core/internal";
import { dueRuns, parseSchedule, type Schedule } from "../contract/schedule.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import type { ScheduleKind } from "../module/tables.ts";

/** Something with a schedule. */
export interface Scheduled {
  readonly kind: ScheduleKind;
  readonly id: string;
  readonly schedule: Schedule;
  /** Runs it once. Returns what to commit together with the next time, and when to run again if not by the schedule. */
  fire(dueAt: number): Promise<Fired>;
}

/** The result of one run. */
export interface Fired {
  readonly commands?: readonly Command[];
  /** The pause until the next run, in milliseconds, instead of the schedule's. */
  readonly pauseMs?: number;
}

/** Runs what is scheduled when it is due, also what was due while the gateway was stopped. */
export interface Scheduler {
  start(): Promise<void>;
  /** Waits for the runs under way and starts no more. */
  stop(): Promise<void>;
  /** When something is due next, in milliseconds since 1970. */
  nextAt(kind: ScheduleKind, id: string): number | undefined;
}

// Short enough to notice soon that the wall clock was set, or that a failed commit works again.
const LONGEST_SLEEP_MS = 30_000;
const RETRY_MS = 5_000;
// No backoff is longer. A time further off than this and than the schedule says was set by a wrong clock.
const LONGEST_PAUSE_MS = 24 * 60 * 60 * 1_000;

/** A scheduler. Each entry has its own loop, so none waits for another. */
export function createScheduler(options: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly scheduled: readonly Scheduled[];
}): Scheduler {
  const { clock, log, repo, commands } = options;
  const entries = options.scheduled.map(createEntry);

  return {
    async start() {
      await Promise.all(entries.map((entry) => entry.begin()));
      for (const { loop } of entries) loop.wake();
    },
    async stop() {
      await Promise.all(entries.map(({ loop }) => loop.stop()));
    },
    nextAt: (kind, id) => entries.find((entry) => entry.kind === kind && entry.id === id)?.nextAt(),
  };

  function createEntry({ kind, id, schedule, fire }: Scheduled) {
    const timetable = parseSchedule(schedule, `The ${kind} "${id}"`);
    const { overlap = "skip", onMissed } = schedule;
    let nextAt = Number.POSITIVE_INFINITY;
    const loop: Loop = createLoop({
      tick,
      clock,
      idleMs: RETRY_MS,
      onError: (error) =>
        log.error({ error, [kind]: id }, "A scheduled run could not be completed and will be retried."),
    });
    return { kind, id, loop, begin, nextAt: () => nextAt };

    async function begin(): Promise<void> {
      const known = await repo.plugins.getSchedule(kind, id);
      if (known?.spec === canonicalJson(timetable.spec)) {
        nextAt = Date.parse(known.next_at);
      } else {
        await keep(timetable.first(clock.now()), []);
      }
    }

    async function tick(): Promise<number> {
      const now = clock.now();
      const regular = timetable.next(now);
      // The wall clock was set back. What was due soon must not wait for all that time to pass again.
      if (nextAt > Math.max(regular, now + LONGEST_PAUSE_MS)) nextAt = regular;
      if (nextAt > now) return Math.min(nextAt - now, LONGEST_SLEEP_MS);
      const { runs, through } = dueRuns(timetable, { nextAt, now, onMissed });
      let last: Fired = {};
      const together: Command[] = [];
      for (const dueAt of runs) {
        last = await fire(dueAt);
        together.push(...(last.commands ?? []));
      }
      const after = overlap === "queue" ? through : clock.now();
      const next = last.pauseMs === undefined ? timetable.next(after) : clock.now() + last.pauseMs;
      await keep(next, together);
      return Math.min(Math.max(0, nextAt - clock.now()), LONGEST_SLEEP_MS);
    }

    async function keep(next: number, together: readonly Command[]): Promise<void> {
      const next_at = isoTime(next);
      const set = { type: "plugins.schedule.set", kind, id, spec: timetable.spec, next_at } as const;
      await commands.enqueueAll([...together, set], { actor: "scheduler" });
      nextAt = next;
    }
  }
}
