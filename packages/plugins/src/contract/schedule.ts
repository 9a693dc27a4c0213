import type { JsonObject } from "@atlas/core";
import { Cron } from "croner";

/** When a plugin runs by itself, again and again: after a fixed pause, or at times of the calendar. */
export type Schedule = (EverySchedule | CronSchedule) & {
  /**
   * What happens to times that passed while the gateway was stopped: no run (`skip`), one run for all of them (`once`), or one run for
   * each, at most 900 (`all`). Default: `once`. `all` fits a report per day; `skip` fits work that is worthless when late.
   */
  readonly onMissed?: "skip" | "once" | "all";
  /**
   * What happens when a run is due while the last one still runs: it is left out (`skip`), or it follows (`queue`). Default: `skip`,
   * because a queue of runs that take longer than their interval only grows. With `skip`, of several missed runs of a workflow the first
   * one is made, since the others would be due while it runs.
   */
  readonly overlap?: "skip" | "queue";
  /**
   * The most by which a run is put off, in milliseconds, at random: so that not everything begins at the full hour. Default: 0. It should
   * be shorter than the interval.
   */
  readonly jitterMs?: number;
};

/** A fixed interval. The first run is at once. */
export interface EverySchedule {
  /** The interval in milliseconds, from 1,000 to a year. */
  readonly everyMs: number;
}

/** Times of the calendar. */
export interface CronSchedule {
  /** Five fields (minute, hour, day, month, weekday) such as `0 7 * * 1-5`, or six with the seconds first. */
  readonly cron: string;
  /** The time zone of `cron`, such as `Europe/Vienna`. Default: UTC. */
  readonly timeZone?: string;
}

/** A checked schedule that calculates its times. */
export interface Timetable {
  /** What the times follow from. A schedule with another `spec` starts anew. */
  readonly spec: JsonObject;
  /** The time of the very first run, in milliseconds since 1970. */
  first(now: number): number;
  /** The first time after `after`; infinite when there is none. */
  next(after: number): number;
}

/** The names of a schedule's options. */
export const SCHEDULE_OPTIONS: readonly string[] = [
  "everyMs",
  "cron",
  "timeZone",
  "onMissed",
  "overlap",
  "jitterMs",
];

const MIN_EVERY_MS = 1_000;
const MAX_JITTER_MS = 24 * 60 * 60 * 1_000;
const MAX_EVERY_MS = 366 * 24 * 60 * 60 * 1_000;

/** Checks a schedule. A `TypeError` says what is wrong with it; `of` names its owner, such as `The source "git"`. */
export function parseSchedule(schedule: Schedule, of: string): Timetable {
  if ("cron" in schedule && "everyMs" in schedule)
    throw new TypeError(`${of}: schedule has both cron and everyMs. Keep the one that you need.`);
  if ("timeZone" in schedule && schedule.timeZone !== undefined && !("cron" in schedule))
    throw new TypeError(`${of}: schedule.timeZone is the zone of cron, which is missing. Remove it.`);
  checkOption(of, "onMissed", schedule.onMissed, ["skip", "once", "all"]);
  checkOption(of, "overlap", schedule.overlap, ["skip", "queue"]);
  const { jitterMs = 0 } = schedule;
  if (!Number.isInteger(jitterMs) || jitterMs < 0 || jitterMs > MAX_JITTER_MS) {
    throw new TypeError(
      `${of}: schedule.jitterMs must be a whole number of milliseconds from 0 to a day (${MAX_JITTER_MS}); got ${String(jitterMs)}.`,
    );
  }
  return "cron" in schedule ? cronTimes(schedule, of) : everyTimes(schedule, of);
}

function everyTimes({ everyMs }: EverySchedule, of: string): Timetable {
  if (!Number.isInteger(everyMs) || everyMs < MIN_EVERY_MS || everyMs > MAX_EVERY_MS) {
    throw new TypeError(
      `${of}: schedule must be { cron }, or { everyMs } with a whole number of milliseconds from ${MIN_EVERY_MS} to a year (${MAX_EVERY_MS}); got everyMs ${String(everyMs)}.`,
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
      `${of}: schedule.timeZone "${timeZone}" is unknown. Use a name such as "Europe/Vienna" or "UTC".`,
    );
  }
  let times: Cron;
  try {
    times = new Cron(cron, { timezone: timeZone, mode: "5-or-6-parts", paused: true });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new TypeError(
      `${of}: schedule.cron ${JSON.stringify(cron)} is not a cron expression (${reason}). Write five fields (minute, hour, day, month, weekday) such as "0 7 * * 1-5", or six with the seconds first.`,
    );
  }
  if (times.nextRun() === null)
    throw new TypeError(`${of}: schedule.cron "${cron}" never comes due. Check its day and month.`);
  return times;
}

function checkOption(of: string, name: string, value: string | undefined, known: readonly string[]): void {
  if (value !== undefined && !known.includes(value)) {
    throw new TypeError(
      `${of}: schedule.${name} must be ${known.map((one) => `"${one}"`).join(" or ")}; got ${JSON.stringify(value)}.`,
    );
  }
}

/** The runs that are due, and the time after which the next one is to be found. */
export interface DueRuns {
  /** The times at which they were due. */
  readonly runs: readonly number[];
  /** The last time that these runs settle. */
  readonly through: number;
}

const LATE_MS = 60_000;
// One unit of commands holds all of them and the next time.
const MAX_RUNS = 900;

/** Decides which runs are due at `now`, when `nextAt` has passed. A run that is less than a minute late is not missed. */
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
