import type { Clock } from "../contract/clock.ts";
import type { Committed } from "../contract/command.ts";
import { storeStopped } from "../contract/errors.ts";
import type { StoreModule } from "../contract/module.ts";
import { isoTime } from "../contract/time.ts";
import type { CommandQueue } from "../intake/command-queue.ts";
import { createUnit } from "../intake/unit.ts";
import type { PrunePolicy } from "../model/prune.ts";
import type { FlushLoop } from "../writing/flush-loop.ts";
import { copyDatabase, type Manifest } from "./backup.ts";
import { makeBaseline } from "./begin-epoch.ts";
import { fingerprintOfModules, readJournalState, START_EPOCH, startEpoch } from "./epoch.ts";
import { type PruneReport, pruneStore } from "./prune-store.ts";
import type { Past } from "./rebuild.ts";
import { createTimeTravel, type PastStore, type Verification } from "./time-travel.ts";

/** What can be done with the database as a whole while commands are written. Each call ends with the store at the latest. */
export interface Upkeep<Module extends StoreModule> {
  /**
   * Writes a copy of everything that is committed to `path`, where no file may be, while the store works on. The copy was
   * read back, checked and compared when this resolves; its manifest lies beside it as `<path>.json`. Rejects with
   * `ATLAS_CORE_FILE_EXISTS` or `ATLAS_CORE_COPY_FAILED`. {@link restore} makes a database of it.
   */
  backup(path: string): Promise<Manifest>;
  /**
   * Removes what the policy names, in many small commands between which others are written, and tells the sizes before and
   * after. With `journal_before`, a new epoch begins first: the present state is copied beside the database, and replaying
   * begins there. The file does not shrink; what is free in it is used again.
   */
  prune(policy: PrunePolicy): Promise<PruneReport>;
  /**
   * Replays the journal of the present epoch into a temporary file and compares: the tables are what the commands made
   * them. Rejects with `ATLAS_CORE_EPOCH_UNREACHABLE` where the journal does not tell.
   */
  verify(): Promise<Verification>;
  /**
   * The database as it was after command `seq`, 0 for the beginning, with a repo of its own; close it after use. It is
   * built in a temporary file by replaying: a tool to look back with, not a query. Rejects as `verify` does.
   */
  asOf(seq: number): Promise<PastStore<Module>>;
  /**
   * Replays the journal into a new database at `path`, where no file may be, through command `seq` (default: the last). It
   * can be opened like any other. Rejects as `verify` does.
   */
  replay(path: string, options?: { readonly seq?: number }): Promise<{ readonly seq: number }>;
}

/** The upkeep of an open database. `stop` ends what is under way, and closes what `asOf` opened. */
export function createUpkeep<Module extends StoreModule>(store: {
  readonly past: Past;
  readonly clock: Clock;
  readonly queue: CommandQueue;
  readonly loop: FlushLoop;
  readonly prune: (policy: PrunePolicy, limit: number) => Promise<Committed>;
}): Upkeep<Module> & { stop(): Promise<void> } {
  const { past, clock, queue, loop, prune } = store;
  const { path, reader, modules } = past;
  const over = new AbortController();
  const timeTravel = createTimeTravel<Module>(past, over.signal);
  const tasks = new Set<Promise<unknown>>();

  const task = <Result>(begin: () => Promise<Result>): Promise<Result> => {
    if (over.signal.aborted) return Promise.reject(storeStopped());
    const working = begin();
    tasks.add(working);
    const ended = (): void => void tasks.delete(working);
    working.then(ended, ended);
    return working;
  };

  return {
    backup: (to) =>
      task(() => copyDatabase({ from: path, to, now: isoTime(clock.now()), signal: over.signal })),
    prune: (policy) => task(() => pruneStore(policy, { path, reader, prune, beginEpoch })),
    verify: () => task(timeTravel.verify),
    asOf: (seq) => task(() => timeTravel.asOf(seq)),
    replay: (to, options) => task(() => timeTravel.replay(to, options)),
    async stop() {
      over.abort(storeStopped());
      await Promise.allSettled(tasks);
      await timeTravel.close();
    },
  };

  async function beginEpoch(): Promise<void> {
    const { nextSeq, epoch } = readJournalState(reader.database);
    if (epoch?.first_seq === nextSeq) return;
    const row = await makeBaseline({
      path,
      nextSeq,
      fingerprint: fingerprintOfModules(modules),
      reason: "pruned",
      now: isoTime(clock.now()),
      signal: over.signal,
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
