import { checkOptions, parseSchedule } from "@atlas/plugins/runtime";

/** When to make backups, where, and how many to keep. */
export interface BackupsOptions {
  /**
   * The folder of the backups, best on another disk. It is made where it does not exist, for its owner only: a backup is as sensitive as the
   * database.
   */
  readonly folder: string;
  /**
   * When: `{ everyMs }` after the last one, or at times of the calendar, `{ cron: "0 3 * * *", timeZone: "Europe/Vienna" }`. One that was
   * missed while the gateway was stopped is made at the start, and so is the very first. Default: every 24 hours. More often
   * loses less with the disk, and reads the whole file each time.
   */
  readonly schedule?: { readonly everyMs: number } | { readonly cron: string; readonly timeZone?: string };
  /** How many backups of this database to keep, from 1. Older ones are deleted once a newer one is verified. Default: 7. */
  readonly keep?: number;
}

const known: Readonly<Record<keyof BackupsOptions, true>> = { folder: true, schedule: true, keep: true };
const SCHEDULE = ["everyMs", "cron", "timeZone"];
const OWNER = "createGateway's backups";

export const DEFAULT_KEEP = 7;
export const DEFAULT_SCHEDULE = { everyMs: 24 * 60 * 60 * 1_000 } as const;

/** Refuses options that do not exist or make no sense. */
export function checkBackupsOptions(options: BackupsOptions): void {
  checkOptions(OWNER, options, Object.keys(known));
  const { folder, keep = DEFAULT_KEEP, schedule = DEFAULT_SCHEDULE } = options;
  if (typeof folder !== "string" || folder === "")
    throw new TypeError(`${OWNER}: folder must be the path of a folder; got ${JSON.stringify(folder)}.`);
  if (!Number.isSafeInteger(keep) || keep < 1)
    throw new TypeError(`${OWNER}: keep must be a whole number from 1; got ${String(keep)}.`);
  if (typeof schedule !== "object" || schedule === null)
    throw new TypeError(`${OWNER}: schedule must be { everyMs } or { cron }; got ${String(schedule)}.`);
  checkOptions(`${OWNER}: schedule`, schedule, SCHEDULE);
  parseSchedule(schedule, OWNER);
}
