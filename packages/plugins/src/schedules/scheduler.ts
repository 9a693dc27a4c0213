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
import { jittered } from "./jitter.ts";

/** Something with a schedule. */
export interface Scheduled {
  readonly kind: ScheduleKind;
  readonly id: string;
  readonly schedule: Schedule;
  /** Checks what its runs need, before the first one. It throws what is wrong. */
  check?(): Promise<void>;
  /** Runs it once. What goes on by itself is run number `run` of those. Returns what to commit together with the next time, and when to run again if not by the schedule. */
  fire(run: number): Promise<Fired>;
}

/** The result of one run. */
export interface Fired {
  readonly commands?: readonly Command[];
  /** The pause until the next run, in milliseconds, instead of the schedule's. */
  readonly pauseMs?: number;
  /** True when the run has begun and goes on by itself. */
  readonly goesOn?: boolean;
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

/** A scheduler. Each entry has its own loop, so none waits for another. */
export function createScheduler(options: {
  readonly clock: Clock;
  readonly log: Logger;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly scheduled: readonly Scheduled[];
  /** A random number 0 ≤ x < 1 for the jitter of schedules. Default: `Math.random`. */
  readonly random?: () => number;
}): Scheduler {
  const { clock, log, repo, commands, random = Math.random } = options;
  const entries = options.scheduled.map(createEntry);

  return {
    async start() {
      for (const { check } of options.scheduled) await check?.();
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
    const { overlap = "skip", onMissed, jitterMs = 0 } = schedule;
    let nextAt = Number.POSITIVE_INFINITY;
    let runs = 0;
    /** When a pause ends that the last run asked for, on the monotonic clock. */
    let pausedUntil: number | undefined;
    const loop: Loop = createLoop({
      tick,
      clock,
      idleMs: RETRY_MS,
      onError: (error) =>
        log.error(
          { error, [`${kind}_id`]: id },
          "A scheduled run could not be completed and will be retried.",
        ),
    });
    return { kind, id, loop, begin, nextAt: () => nextAt };

    async function begin(): Promise<void> {
      const known = await repo.plugins.getSchedule(kind, id);
      runs = known?.runs ?? 0;
      if (known?.spec === canonicalJson(timetable.spec)) {
        nextAt = Date.parse(known.next_at);
      } else {
        const first = timetable.first(clock.now());
        // The first run of an interval is at once.
        await keep("cron" in schedule ? jittered(first, schedule, random) : first, []);
      }
    }

    async function tick(): Promise<number> {
      const now = clock.now();
      if (pausedUntil !== undefined) nextAt = now + pausedUntil - clock.monotonic();
      // The wall clock was set back. What was due soon must not wait for all that time to pass again.
      else nextAt = Math.min(nextAt, timetable.next(now) + jitterMs);
      if (nextAt > now) return Math.min(nextAt - now, LONGEST_SLEEP_MS);
      const { runs: due, through } = dueRuns(timetable, { nextAt, now, onMissed });
      let last: Fired = {};
      let run = runs;
      const together: Command[] = [];
      for (const _ of due) {
        last = await fire(run + 1);
        together.push(...(last.commands ?? []));
        if (last.goesOn !== true) continue;
        run += 1;
        // The other missed runs would be due while this one runs.
        if (overlap === "skip") break;
      }
      const after = overlap === "queue" ? through : clock.now();
      const { pauseMs } = last;
      const next =
        pauseMs === undefined ? jittered(timetable.next(after), schedule, random) : clock.now() + pauseMs;
      await keep(next, together, run);
      pausedUntil = pauseMs === undefined ? undefined : clock.monotonic() + pauseMs;
      return Math.min(nextAt - clock.now(), LONGEST_SLEEP_MS);
    }

    /** One unit: a run whose next time is not stored would be repeated, and a next time without its run would lose it. */
    async function keep(next: number, together: readonly Command[], run = runs): Promise<void> {
      const next_at = isoTime(next);
      const set = {
        type: "plugins.schedule.set",
        kind,
        id,
        spec: timetable.spec,
        next_at,
        runs: run,
      } as const;
      await commands.enqueueAll([...together, set], { actor: "scheduler" });
      nextAt = next;
      runs = run;
    }
  }
}
