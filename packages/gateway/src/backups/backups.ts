import { type Clock, type FileStore, isoTime, type Logger } from "@atlas/core";
import { createLoop, type Loop } from "@atlas/core/internal";
import { messageOf, parseSchedule } from "@atlas/plugins/runtime";
import { type BackupRecord, createBackupFolder } from "./backup-folder.ts";
import { type BackupsOptions, DEFAULT_KEEP, DEFAULT_SCHEDULE } from "./backup-options.ts";

/** The backups of a gateway. */
export interface Backups {
  /**
   * Makes a backup now, verifies it and removes those that are too many. It holds everything that was acknowledged before the call. Calls
   * run one after the other. Rejects like `store.backup`.
   */
  make(): Promise<BackupRecord>;
  /** The backups of this database that are in the folder, the newest one first. */
  list(): Promise<readonly BackupRecord[]>;
}

/** The state of a gateway's backups. */
export interface BackupsHealth {
  /** `failing` from a failed backup until the next one that is verified. */
  readonly status: "ok" | "failing";
  /** Failed backups in a row. */
  readonly failures: number;
  /** The message of the last failure. */
  readonly error?: string;
  /** When the newest one was made that is known; absent before the first. */
  readonly lastMadeAt?: string;
  readonly lastBytes?: number;
  /** When the next one is due; absent before `start()`. */
  readonly nextAt?: string;
}

/** Backups with their life. */
export interface ScheduledBackups extends Backups {
  /** Begins to make them by the schedule; one that was missed is made soon. */
  start(): void;
  health(): BackupsHealth;
  /** Begins no more. One under way ends when the store stops. */
  stop(): Promise<void>;
}

// A clock that was set is noticed after this time.
const LONGEST_SLEEP_MS = 30_000;
const FIRST_RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 60 * 60_000;

/** The backups of an open store. */
export function createBackups(
  options: BackupsOptions,
  {
    store,
    database,
    clock,
    log,
  }: {
    readonly store: Pick<FileStore, "backup" | "storeId">;
    readonly database: string;
    readonly clock: Clock;
    readonly log: Logger;
  },
): ScheduledBackups {
  const { keep = DEFAULT_KEEP, schedule = DEFAULT_SCHEDULE } = options;
  const timetable = parseSchedule(schedule, "createGateway's backups");
  const folder = createBackupFolder({ folder: options.folder, database, storeId: store.storeId });
  let last: BackupRecord | undefined;
  let failures = 0;
  let error: string | undefined;
  /** When the next one is due, on the wall clock. */
  let dueAt: number | undefined;
  /** When a failed one is tried again, on the monotonic clock. */
  let retryAt: number | undefined;
  let isStopping = false;
  let before: Promise<unknown> = Promise.resolve();
  const loop: Loop = createLoop({ tick, clock, onError: failed });

  return {
    make,
    list: folder.list,
    start: loop.wake,
    health() {
      const nextAt = retryAt === undefined ? dueAt : clock.now() + retryAt - clock.monotonic();
      return {
        status: failures === 0 ? "ok" : "failing",
        failures,
        ...(error === undefined ? {} : { error }),
        ...(last === undefined ? {} : { lastMadeAt: last.made_at, lastBytes: last.size_bytes }),
        ...(nextAt === undefined || !Number.isFinite(nextAt) ? {} : { nextAt: isoTime(nextAt) }),
      };
    },
    stop() {
      isStopping = true;
      return loop.stop();
    },
  };

  /** One after the other: the older of two may not remove what the newer counts on. */
  function make(): Promise<BackupRecord> {
    const made = before.then(makeOne);
    before = made.catch(() => undefined);
    return made;
  }

  async function makeOne(): Promise<BackupRecord> {
    try {
      await folder.prepare();
      const path = await folder.pathFor(clock.now());
      await store.backup(path);
      const found = await folder.list();
      const made = found.find(({ name }) => path.endsWith(name));
      if (made === undefined)
        throw new Error(`The backup "${path}" is gone again. Check who else works there.`);
      last = made;
      failures = 0;
      error = undefined;
      retryAt = undefined;
      dueAt = dueAfter(made);
      // Not the one just made, whatever the clock says of it.
      for (const { name } of found.filter((one) => one !== made).slice(keep - 1)) await removeOld(name);
      await folder.sweep();
      return made;
    } catch (thrown) {
      if (!isStopping) failed(thrown);
      throw thrown;
    }
  }

  async function removeOld(name: string): Promise<void> {
    await folder
      .remove(name)
      .catch((thrown: unknown) =>
        log.warn(
          { error: thrown, backup: name },
          "An old backup could not be removed. The next one tries again.",
        ),
      );
  }

  function failed(thrown: unknown): void {
    failures += 1;
    const pauseMs = Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20), LONGEST_RETRY_MS);
    retryAt = clock.monotonic() + pauseMs;
    error = messageOf(thrown);
    log.error({ error: thrown, failures }, `A backup failed and is tried again in ${pauseMs / 1_000} s.`);
  }

  async function tick(): Promise<number | undefined> {
    if (retryAt !== undefined) {
      const leftMs = retryAt - clock.monotonic();
      if (leftMs > 0) return Math.min(leftMs, LONGEST_SLEEP_MS);
    }
    if (dueAt === undefined) {
      last ??= (await folder.list())[0];
      dueAt = last === undefined ? clock.now() : dueAfter(last);
    }
    const now = clock.now();
    // The clock was set back. What was due soon must not wait for all that time to pass again.
    dueAt = Math.min(dueAt, timetable.next(now));
    if (dueAt > now && retryAt === undefined) return Math.min(dueAt - now, LONGEST_SLEEP_MS);
    await make().catch(() => undefined);
    return isStopping ? undefined : 1;
  }

  function dueAfter({ made_at }: BackupRecord): number {
    return timetable.next(Date.parse(made_at));
  }
}
