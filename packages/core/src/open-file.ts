import { existsSync } from "node:fs";
import type { Clock } from "./contract/clock.ts";
import type { Logger } from "./contract/logger.ts";
import type { StoreModule } from "./contract/module.ts";
import { claimFile } from "./file/claim-file.ts";
import { type Connection, createConnection } from "./file/connection.ts";
import { createDatabaseFile, type DatabaseFile, findDatabaseFile } from "./file/database-file.ts";
import type { DriverName, OpenDatabase, SqliteDatabase } from "./file/driver.ts";
import { sweepPartials } from "./file/fresh-file.ts";
import { type FileLock, takeFileLock } from "./file/lock.ts";
import { migrate, planMigrations } from "./file/migrate.ts";
import {
  foreign,
  inspectFile,
  openReading,
  openWriting,
  quickCheckFile,
  stopWaitingForLocks,
  withFileNamed,
} from "./file/sqlite.ts";
import { newStoreId } from "./file/store-id.ts";
import { makeBaseline, sweepBaselines } from "./history/begin-epoch.ts";
import { checkFile } from "./history/check-file.ts";
import { fingerprintOfModules, keepEpoch, nextEpoch, readJournalState } from "./history/epoch.ts";
import { sweepUnfinished } from "./history/unfinished.ts";
import type { EpochRow } from "./model/bookkeeping.ts";
import { type AdHocReads, createAdHocReads } from "./reading/ad-hoc-reads.ts";
import { createReadOnlyRepo, type ReadOnlyRepo } from "./reading/read-only-repo.ts";

// SQLite takes a file of one byte for an empty database; nobody else should.
const SMALLEST_FILE_BYTES = 512;
// A check reads the whole file: 78 ms at 65 MB. Above this size it is made only after an unclean end.
const SMALL_FILE_BYTES = 16 * 1024 * 1024;

/** A database that is ours: locked, whole and up to date. */
export interface OpenFile<Module extends StoreModule = never> {
  readonly file: DatabaseFile;
  readonly lock: FileLock;
  /** For named queries alone. */
  readonly reader: Connection;
  /** For everything that `repo.select` reads. */
  readonly reads: AdHocReads;
  readonly repo: ReadOnlyRepo<Module>;
  readonly writer: Connection;
  /** Another writing connection, for after a failure of the storage. */
  readonly reopenWriter: () => Connection;
}

/** Goes all the way from a path to an {@link OpenFile}. On failure nothing stays open. */
export async function openFile<Module extends StoreModule>(
  open: OpenDatabase,
  options: {
    readonly database: string;
    readonly modules: readonly StoreModule[];
    readonly journal: boolean;
    readonly now: string;
    readonly log: Logger;
    readonly clock: Clock;
    readonly readTimeoutMs: number;
  },
): Promise<OpenFile<Module>> {
  const { modules, journal, now, log, clock, readTimeoutMs } = options;
  const file = findDatabaseFile(options.database);
  const { path } = file;
  const lock = lockOurs(open, file);
  try {
    const synchronous = file.isTemporary ? "off" : "full";
    const reopenWriter = (): Connection => {
      quickCheckFile(open, path);
      const database = openWriting(open, path, synchronous);
      stopWaitingForLocks(database);
      return createConnection(database);
    };
    if (!file.isNew && lock.wasLeftBehind && !existsSync(`${path}-wal`)) {
      log.warn(
        { path },
        "The database was not closed properly and its write-ahead log is missing. The last commits may be lost. Another program must have removed the log.",
      );
    }
    // Before anything is opened for writing: closing that would bring the log into a file that must stay as it is.
    const isSmall = file.sizeBytes < SMALL_FILE_BYTES;
    if (!file.isNew && isSmall) quickCheckFile(open, path);
    if (!file.isNew && !isSmall && lock.wasLeftBehind) await checkFile(open, path);
    const database = withFileNamed(path, () => openWriting(open, path, synchronous));
    const opened = [database];
    try {
      const epoch = await epochToBegin(database, { path, driver: open.driver, modules, journal, now });
      withFileNamed(path, () => migrate(database, { path, modules, now, newStoreId }));
      stopWaitingForLocks(database);
      const reader = createConnection(openReading(open, path));
      opened.push(reader.database);
      const reads = createAdHocReads({
        open: () => openReading(open, path),
        clock,
        timeoutMs: readTimeoutMs,
      });
      const repo = createReadOnlyRepo<Module>(reader, modules, reads.dialect);
      const writer = createConnection(database);
      if (epoch !== undefined) keepEpoch(writer, epoch);
      sweepBaselines(database, path);
      sweepUnfinished(path);
      sweepPartials(path);
      return { file, lock, reader, reads, repo, writer, reopenWriter };
    } catch (error) {
      for (const connection of opened) connection.close();
      throw error;
    }
  } catch (error) {
    lock.release();
    file.remove();
    throw error;
  }
}

/** Makes sure that nobody else has the file, in this process or another, and that it is ours or new. */
function lockOurs(open: OpenDatabase, file: DatabaseFile): FileLock {
  const { path } = file;
  const unclaim = claimFile(path, open.driver);
  try {
    if (!file.isNew && (file.sizeBytes < SMALLEST_FILE_BYTES || inspectFile(open, path) === "foreign"))
      throw foreign(path);
    if (file.isNew) createDatabaseFile(file);
    const lock = withFileNamed(path, () => takeFileLock(open, path));
    const release = (): void => {
      lock.release();
      unclaim();
    };
    return { ...lock, release };
  } catch (error) {
    unclaim();
    throw error;
  }
}

/**
 * The epoch that begins with this opening, if one does. What is about to be migrated, or to be written by other modules than
 * before, is copied first: the copy is where replaying begins, and the way back.
 */
async function epochToBegin(
  database: SqliteDatabase,
  options: {
    readonly path: string;
    readonly driver: DriverName;
    readonly modules: readonly StoreModule[];
    readonly journal: boolean;
    readonly now: string;
  },
): Promise<EpochRow | undefined> {
  const { path, driver, modules, journal, now } = options;
  const { pending, isUsed } = planMigrations(database, { path, modules });
  const fingerprint = fingerprintOfModules(modules);
  const state = isUsed ? readJournalState(database) : { nextSeq: 1, journaledThrough: 0, epoch: undefined };
  const reason = nextEpoch(state, { fingerprint, journal, migrates: pending.length > 0 });
  if (reason === undefined) return undefined;
  if (reason === "created") {
    return { first_seq: 1, fingerprint, reason, baseline: null, digest: null, started_at: now };
  }
  return makeBaseline({ database, path, driver, nextSeq: state.nextSeq, fingerprint, reason, now });
}

/** Empties the write-ahead log, closes every connection, and frees the lock, whatever of this fails. */
export function closeFile({
  file,
  lock,
  reader,
  reads,
  connection,
}: Pick<OpenFile, "file" | "lock" | "reader" | "reads"> & { connection: Connection }): void {
  try {
    reads.close();
    reader.database.close();
    if (connection.database.open) {
      try {
        connection.database.pragma("wal_checkpoint(truncate)");
      } catch {
        // The log then stays beside the file, and is read when it is opened next.
      }
    }
  } finally {
    closeQuietly(connection);
    lock.release();
    file.remove();
  }
}

/** Closes a connection that may be beyond closing. */
export function closeQuietly({ database }: Connection): void {
  try {
    database.close();
  } catch {
    // A connection whose storage has failed may refuse to close; the process keeps no use of it.
  }
}
