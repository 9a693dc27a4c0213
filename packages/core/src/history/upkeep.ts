import type { Clock } from "../contract/clock.ts";
import { storeStopped } from "../contract/errors.ts";
import type { StoreModule } from "../contract/module.ts";
import { isoTime } from "../contract/time.ts";
import type { CommandQueue } from "../intake/command-queue.ts";
import { createUnit } from "../intake/unit.ts";
import type { FlushLoop } from "../writing/flush-loop.ts";
import { copyDatabase, type Manifest } from "./backup.ts";
import { makeBaseline } from "./begin-epoch.ts";
import { fingerprintOfModules, readJournalState, START_EPOCH, startEpoch } from "./epoch.ts";
import { type PruneCommand, type PruneReport, pruneStore, type StorePrunePolicy } from "./prune-store.ts";
import type { Past } from "./rebuild.ts";
import { createTimeTravel, type PastStore, type Verification } from "./time-travel.ts";
import { createUnfinished } from "./unfinished.ts";

/**
 * Maintenance of a whole database while commands are written. Calls run one after the other, in the order in which they were
 * made, because one may remove the files that another reads. `store.stop()` aborts the call under way and those that wait.
 */
export interface Upkeep<Module extends StoreModule> {
  /**
   * Copies everything that is committed to `path` while the store goes on working. No file may exist there. Before this
   * resolves, the copy was read back, checked and compared; its manifest is written to `<path>.json`. `restore` makes a
   * database of it. Until the database is read and copied, the write-ahead log grows by what is written meanwhile. Rejects with
   * `ATLAS_CORE_FILE_EXISTS`, `ATLAS_CORE_COPY_FAILED` or `ATLAS_CORE_BUNDLED`.
   */
  backup(path: string): Promise<Manifest>;
  /**
   * Removes what the policy names, of each installed module under the module's name (`{ jobs_before, finops: { costs_before } }`),
   * modules first, and resolves with the sizes before and after. It works in many small commands, so that
   * others are written in between. With `journal_before`, the present state is copied beside the database first, and replays
   * start from this copy. The file does not shrink; SQLite uses the free space again.
   */
  prune(policy: StorePrunePolicy<Module>): Promise<PruneReport>;
  /**
   * Replays the journal of the present epoch into a temporary file and compares the result with the database. Rejects with
   * `ATLAS_CORE_EPOCH_UNREACHABLE` if the journal is incomplete or was written with other modules, and with
   * `ATLAS_CORE_BUNDLED`.
   */
  verify(): Promise<Verification>;
  /**
   * Opens the database as it was after command `seq` (0: before the first command). Close it after use. Each call replays the
   * journal into a temporary file, so use it to investigate, not as a query. Rejects like `verify`.
   */
  asOf(seq: number): Promise<PastStore<Module>>;
  /**
   * Replays the journal up to command `seq` (default: the last) into a new database at `path`. No file may exist there. The
   * result can be opened like any other database, and has a store id of its own: its next events share no ids with the events of this
   * one. Rejects like `verify`.
   */
  replay(path: string, options?: { readonly seq?: number }): Promise<{ readonly seq: number }>;
}

/** The upkeep of an open database. `stop` ends what is under way, and closes what `asOf` opened. */
export function createUpkeep<Module extends StoreModule>(store: {
  readonly past: Past;
  readonly clock: Clock;
  readonly queue: CommandQueue;
  readonly loop: FlushLoop;
  readonly prune: PruneCommand;
}): Upkeep<Module> & { stop(): Promise<void> } {
  const { past, clock, queue, loop, prune } = store;
  const { path, reader, modules, checkpoints } = past;
  const over = new AbortController();
  const unfinished = createUnfinished(path);
  const timeTravel = createTimeTravel<Module>(past, { signal: over.signal, unfinished });
  let last: Promise<unknown> = Promise.resolve();

  const task = <Result>(begin: () => Promise<Result>): Promise<Result> => {
    if (over.signal.aborted) return Promise.reject(storeStopped());
    const working = last.then(() => {
      over.signal.throwIfAborted();
      return begin();
    });
    last = working.catch(() => undefined);
    return working;
  };

  return {
    backup: (to) =>
      task(() =>
        copyDatabase({
          from: path,
          to,
          driver: past.open.driver,
          now: isoTime(clock.now()),
          signal: over.signal,
          unfinished,
          checkpoints,
        }),
      ),
    prune: (policy) => task(() => pruneStore(policy, { path, reader, modules, prune, beginEpoch })),
    verify: () => task(timeTravel.verify),
    asOf: (seq) => task(() => timeTravel.asOf(seq)),
    replay: (to, options) => task(() => timeTravel.replay(to, options)),
    async stop() {
      over.abort(storeStopped());
      await last;
      await timeTravel.close();
    },
  };

  async function beginEpoch(): Promise<void> {
    const { nextSeq, epoch } = readJournalState(reader.database);
    if (epoch?.first_seq === nextSeq) return;
    const row = await makeBaseline({
      database: reader.database,
      path,
      driver: past.open.driver,
      nextSeq,
      fingerprint: fingerprintOfModules(modules),
      reason: "pruned",
      now: isoTime(clock.now()),
      signal: over.signal,
      checkpoints,
    });
    const { unit, received } = createUnit(
      {
        commands: [{ type: START_EPOCH, definition: startEpoch, payload: { epoch: row } }],
        actor: "store",
        enqueuedAt: row.started_at,
        waitingSince: clock.monotonic(),
        sizeBytes: 1_000,
      },
      (receipts) => receipts,
    );
    queue.push(unit);
    loop.wake();
    await received;
  }
}
