/** When something happens by itself, again and again. */
export type Schedule = (EverySchedule | CronSchedule) & {
  /**
   * What becomes of times that passed while nobody looked: nothing (`skip`), one run for all of them (`once`), or one run
   * for each, at most 1,000 (`all`). Default: `once`.
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
