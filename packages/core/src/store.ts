import { type Clock, systemClock } from "./contract/clock.ts";
import type { CommandSink, Committed } from "./contract/command.ts";
import { createNewId, type NewId } from "./contract/id.ts";
import { checkOptions } from "./contract/known-options.ts";
import { guardLogger, type Logger } from "./contract/logger.ts";
import type { StoreModule } from "./contract/module.ts";
import { stderrLogger } from "./contract/stderr-logger.ts";
import type { FileStore, StoreCommand } from "./contract/store.ts";
import { isoTime } from "./contract/time.ts";
import { createCheckpoints } from "./file/checkpoints.ts";
import type { Connection } from "./file/connection.ts";
import type { DriverName } from "./file/driver.ts";
import { createFileWatch } from "./file/file-watch.ts";
import { chosenDriver, loadSqlite } from "./file/load-sqlite.ts";
import { findDatabaseWorker } from "./history/database-task.ts";
import { createUpkeep } from "./history/upkeep.ts";
import { createCommandQueue } from "./intake/command-queue.ts";
import { createDoor } from "./intake/door.ts";
import { type Admit, createIntake, MAX_UNIT_COMMANDS } from "./intake/intake.ts";
import { installedModules } from "./model/installed-modules.ts";
import { closeFile, closeQuietly, openFile } from "./open-file.ts";
import { READ_TIMEOUT_MS } from "./reading/ad-hoc-reads.ts";
import {
  checkFollowEvents,
  checkFollowJournal,
  domainEventLog,
  journalLog,
} from "./reading/followed-logs.ts";
import { createLogFollowers } from "./reading/log-follower.ts";
import { createRead } from "./reading/read-only-repo.ts";
import { createStats } from "./stats.ts";
import { readLogEnd } from "./writing/counters.ts";
import type { Executor } from "./writing/executor.ts";
import type { Failpoint } from "./writing/failpoint.ts";
import { createFlushLoop } from "./writing/flush-loop.ts";
import { createSqliteExecutor } from "./writing/sqlite-executor.ts";
import { createWriter, type Writer } from "./writing/writer.ts";

/** Options of {@link createStore}. Only `database` is required. */
export interface StoreOptions<Modules extends readonly StoreModule[]> {
  /**
   * Path of the database file. The file and its folder are created if they are missing. `:memory:` uses a file in a
   * temporary folder, which `stop()` removes: the same code, but nothing is kept.
   */
  readonly database: string;
  /**
   * The SQLite library to use. Default: `better-sqlite3`. `node:sqlite` is the one in Node itself: nothing native is installed or
   * bundled. It needs Node 24.15 (or 22.23), and Node does not call it stable yet. A database may be
   * opened with either, one after the other. Rejects with `ATLAS_CORE_SQLITE_UNSUPPORTED` where Node's SQLite is too old.
   */
  readonly driver?: DriverName;
  /** Modules to install besides core. Default: none. */
  readonly modules?: Modules;
  /**
   * Keeps every applied command in order. Replay, `verify`, `asOf` and audit need it; it takes about half of the file.
   * Default: true.
   */
  readonly journal?: boolean;
  /** Hooks that check every command before it is queued, in this order. Default: none. */
  readonly admit?: readonly Admit[];
  readonly clock?: Clock;
  readonly newId?: NewId;
  /** Default: warnings and errors on standard error. `silentLogger` switches logging off. */
  readonly log?: Logger;
  /**
   * How many commands may wait for a commit (default 10,000). Further ones are refused with `ATLAS_CORE_QUEUE_FULL`. A
   * larger queue absorbs longer bursts and takes more memory.
   */
  readonly maxQueuedCommands?: number;
  /** How much memory waiting commands may take, in bytes, estimated (default 64 MiB). */
  readonly maxQueuedBytes?: number;
  /**
   * How long a command may wait while the database is locked or the disk is full, in milliseconds (default 30,000). A
   * larger value survives longer trouble; callers learn later that their command failed.
   */
  readonly storageDeadlineMs?: number;
  /**
   * How long a stream or a transaction of `repo.select` may stay open, in milliseconds. Default: 60,000. Raise it for reports that
   * read for minutes; the write-ahead log grows for as long as one is open.
   */
  readonly readTimeoutMs?: number;
  /** For tests: called at fixed moments of a commit. Default: does nothing. */
  readonly failpoint?: Failpoint;
}

const STORE_OPTIONS = [
  "database",
  "driver",
  "modules",
  "journal",
  "admit",
  "clock",
  "newId",
  "log",
  "maxQueuedCommands",
  "maxQueuedBytes",
  "storageDeadlineMs",
  "readTimeoutMs",
  "failpoint",
] as const satisfies readonly (keyof StoreOptions<readonly []>)[];

/**
 * Opens a database: takes its lock, checks it, migrates it and starts the flush loop. Rejects if another gateway has the
 * file open, or if the file is damaged, was written by a newer version, or is not a database of Atlas. Such a file is never
 * changed.
 *
 * @example
 * ```ts
 * const store = await createStore({ database: ":memory:" });
 * const { changed } = await store.commands.enqueue({ type: "entity.upsert", entity: { id: "e1", type: "note" } });
 * assert.equal(changed, true);
 * await store.stop();
 * ```
 */
export function createStore<const Modules extends readonly StoreModule[] = readonly []>(
  options: StoreOptions<Modules>,
): Promise<FileStore<Modules[number]>> {
  return createStoreOn<Modules>(createSqliteExecutor, options);
}

/** A store whose writer runs its statements by what `executorOf` makes of each writing connection. Only tests bring another one. */
export async function createStoreOn<const Modules extends readonly StoreModule[]>(
  executorOf: (connection: Connection) => Executor,
  options: StoreOptions<Modules>,
): Promise<FileStore<Modules[number]>> {
  checkOptions("createStore", options, STORE_OPTIONS);
  const { clock = systemClock, failpoint = () => undefined, journal = true } = options;
  const log = guardLogger(options.log ?? stderrLogger);
  const newId = options.newId ?? createNewId(clock);
  const modules = installedModules(options.modules ?? []);
  const open = await loadSqlite(chosenDriver("createStore", options.driver));
  const { file, lock, reader, reads, repo, writer, reopenWriter } = await openFile<Modules[number]>(open, {
    database: options.database,
    modules,
    journal,
    now: isoTime(clock.now()),
    log,
    clock,
    readTimeoutMs: options.readTimeoutMs ?? READ_TIMEOUT_MS,
  });

  const writing = (connection: Connection): Writer =>
    createWriter({
      executor: executorOf(connection),
      logEnd: readLogEnd(connection.database),
      journal,
      failpoint,
    });
  let connection = writer;
  const checkpoints = createCheckpoints({
    path: file.path,
    driver: open.driver,
    database: connection.database,
    clock,
    log,
    isFlushed: !file.isTemporary,
  });
  const queue = createCommandQueue({
    maxCommands: options.maxQueuedCommands ?? 10_000,
    maxBytes: options.maxQueuedBytes ?? 64 * 1024 * 1024,
  });
  const loop = createFlushLoop({
    queue,
    writer: writing(connection),
    reopen: () => {
      closeQuietly(connection);
      connection = reopenWriter();
      checkpoints.use(connection.database);
      return writing(connection);
    },
    clock,
    log,
    failpoint,
    files: createFileWatch(file.path, clock),
    checkpoints,
    storageDeadlineMs: options.storageDeadlineMs ?? 30_000,
  });
  const intake = createIntake({ modules, clock, newId, admit: options.admit ?? [] });
  warnIfBundled(log);
  const stats = createStats({ path: file.path, reader, reads, queue, loop });
  const door = createDoor({ intake, queue, loop, log });
  let stopped: Promise<void> | undefined;

  const commands: CommandSink<StoreCommand<Modules[number]>> = {
    enqueue: (command, envelope) => door.send([command], envelope, first),
    enqueueAll: (list, envelope) => {
      if (!Array.isArray(list))
        throw new TypeError("enqueueAll takes an array of commands. For one command use enqueue.");
      if (list.length > MAX_UNIT_COMMANDS) {
        throw new TypeError(
          `enqueueAll takes at most ${MAX_UNIT_COMMANDS} commands; got ${list.length}. Send several units.`,
        );
      }
      return list.length === 0 ? Promise.resolve([]) : door.send(list, envelope, (receipts) => receipts);
    },
  };

  const upkeep = createUpkeep<Modules[number]>({
    past: {
      open,
      path: file.path,
      reader,
      modules,
      checkpoints,
    },
    clock,
    queue,
    loop,
    prune: (type, payload) => door.send([{ type, ...payload }], undefined, first),
  });

  const read = createRead(reader);
  const followers = createLogFollowers(loop.onCommitted);

  const store: FileStore<Modules[number]> = {
    commands,
    repo,
    path: file.path,
    storeId: readLogEnd(connection.database).storeId,
    clock,
    newId,
    flush: loop.flush,
    onCommitted: loop.onCommitted,
    follow(options = {}) {
      checkFollowEvents(options);
      const { after = 0, signal } = options;
      return followers.follow(domainEventLog(read, options), { after, signal });
    },
    followJournal(options = {}) {
      checkFollowJournal(options);
      if (!journal) {
        throw new TypeError("followJournal: this store keeps no journal. Open it with `journal: true`.");
      }
      const { after = 0, signal } = options;
      return followers.follow(journalLog(read), { after, signal });
    },
    health: loop.health,
    stats,
    backup: upkeep.backup,
    prune: upkeep.prune,
    verify: upkeep.verify,
    asOf: upkeep.asOf,
    replay: upkeep.replay,
    stop(options = {}) {
      checkOptions("stop", options, ["withinMs"]);
      door.close();
      stopped ??= (async () => {
        await upkeep.stop();
        await loop.stop(options.withinMs);
        followers.end();
        await checkpoints.stop();
        closeFile({ file, lock, reader, reads, connection });
      })();
      return stopped;
    },
    [Symbol.asyncDispose]: () => store.stop(),
  };
  return store;
}

/** Says at the start what would otherwise fail only with the first backup. */
function warnIfBundled(log: Logger): void {
  try {
    findDatabaseWorker();
  } catch (error) {
    log.warn({ error }, "Atlas was bundled: backup() and verify() will fail.");
  }
}

function first([receipt]: readonly Committed[]): Committed {
  return receipt as Committed;
}
