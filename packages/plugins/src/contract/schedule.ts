import type { JsonObject } from "@atlas/core";
import { Cron } from "croner";

/** When something happens by itself, again and again. */
export type Schedule = (EverySchedule | CronSchedule) & {
  /**
   * What becomes of times that passed while nobody looked: nothing (`skip`), one run for all of them (`once`), or one run
   * for each, at most 900 (`all`). Default: `once`.
   */
  readonly onMissed?: "skip" | "once" | "all";
  /**
   * What happens when the time comes and the run before is not over: this one is left out (`skip`), or it follows
   * (`queue`). Default: `skip`.
   */
  readonly overlap?: "skip" | "queue";
};

/** The same pause again and again, counted from the first run, which is at once. */
export interface EverySchedule {
  /** In milliseconds, from 1,000 to a year. */
  readonly everyMs: number;
}

/** Times by the calendar. */
export interface CronSchedule {
  /** Five fields (minute, hour, day, month, weekday), or six with the seconds first, such as `0 7 * * 1-5`. */
  readonly cron: string;
  /** The time zone that `cron` is read in, such as `Europe/Vienna`. Default: UTC. */
  readonly timeZone?: string;
}

/** A schedule that was checked, as times. */
export interface Timetable {
  /** What the times follow from: a schedule with another spec has other times. */
  readonly spec: JsonObject;
  /** The time at which something begins that never ran, in milliseconds since 1970. */
  first(now: number): number;
  /** The first time after this one. */
  next(after: number): number;
}

const MIN_EVERY_MS = 1_000;
const MAX_EVERY_MS = 366 * 24 * 60 * 60 * 1_000;

/** Checks a schedule; a `TypeError` says what is wrong with it. `of` names whose it is, such as `The source "git"`. */
export function parseSchedule(schedule: Schedule, of: string): Timetable {
  checkOption(of, "onMissed", schedule.onMissed, ["skip", "once", "all"]);
  checkOption(of, "overlap", schedule.overlap, ["skip", "queue"]);
  return "cron" in schedule ? cronTimes(schedule, of) : everyTimes(schedule, of);
}

function everyTimes({ everyMs }: EverySchedule, of: string): Timetable {
  if (!Number.isInteger(everyMs) || everyMs < MIN_EVERY_MS || everyMs > MAX_EVERY_MS) {
    throw new TypeError(
      `${of}: a schedule is { everyMs } in whole milliseconds from ${MIN_EVERY_MS} to a year, or { cron }; got everyMs ${String(everyMs)}.`,
    );
  }
  return { spec: { everyMs }, first: (now) => now, next: (after) => after + everyMs };
}

function cronTimes({ cron, timeZone = "UTC" }: CronSchedule, of: string): Timetable {
  const times = readCron(cron, timeZone, of);
  const next = (after: number): number =>
    times.nextRun(new Date(after))?.getTime() ?? Number.POSITIVE_INFINITY;
  return { spec: { cron, timeZone }, first: next, next };
}

function readCron(cron: string, timeZone: string, of: string): Cron {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch {
    throw new TypeError(
      `${of}: there is no time zone "${timeZone}". Write one such as "Europe/Vienna" or "UTC".`,
    );
  }
  let times: Cron;
  try {
    times = new Cron(cron, { timezone: timeZone, mode: "5-or-6-parts", paused: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TypeError(
      `${of}: ${JSON.stringify(cron)} is no cron expression: ${reason} It has five fields (minute, hour, day, month, weekday), such as "0 7 * * 1-5".`,
    );
  }
  if (times.nextRun() === null)
    throw new TypeError(`${of}: the time of the cron expression "${cron}" never comes.`);
  return times;
}

function checkOption(of: string, name: string, value: string | undefined, known: readonly string[]): void {
  if (value !== undefined && !known.includes(value)) {
    throw new TypeError(
      `${of}: ${name} is ${known.map((one) => `"${one}"`).join(" or ")}; got ${JSON.stringify(value)}.`,
    );
  }
}

/** Which runs are due, and from where the next time is to be found. */
export interface DueRuns {
  /** The times that they were due at. */
  readonly runs: readonly number[];
  /** The last time that is settled with these runs. */
  readonly through: number;
}

const LATE_MS = 60_000;
// One unit of commands holds them all, with the next time.
const MAX_RUNS = 900;

/** Decides what is to be run at `now`, when the next time was `nextAt` and has come. A minute late is not missed yet. */
export function dueRuns(
  timetable: Timetable,
  {
    nextAt,
    now,
    onMissed = "once",
  }: { readonly nextAt: number; readonly now: number; readonly onMissed?: Schedule["onMissed"] | undefined },
): DueRuns {
  if (onMissed === "once") return { runs: [nextAt], through: now };
  if (onMissed === "skip") return { runs: now - nextAt <= LATE_MS ? [nextAt] : [], through: now };
  const runs: number[] = [];
  for (let at = nextAt; at <= now && runs.length < MAX_RUNS; at = timetable.next(at)) runs.push(at);
  return { runs, through: runs.length < MAX_RUNS ? (runs.at(-1) ?? now) : now };
}
