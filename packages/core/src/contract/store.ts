import type { Upkeep } from "../history/upkeep.ts";
import type { CoreModule } from "../model/core-module.ts";
import type { JournalEntry } from "../model/records.ts";
import type { FollowEventsOptions, FollowLogOptions } from "../reading/followed-logs.ts";
import type { ReadOnlyRepo } from "../reading/read-only-repo.ts";
import type { FileStoreStats, StoreStats } from "../stats.ts";
import type { CommittedBatch } from "../writing/commit-listeners.ts";
import type { Clock } from "./clock.ts";
import type { CommandSink, DomainEvent } from "./command.ts";
import type { Health } from "./health.ts";
import type { NewId } from "./id.ts";
import type { CommandOf, StoreModule } from "./module.ts";

/** The commands that may be sent to a store of these modules. */
export type StoreCommand<Module extends StoreModule> = CommandOf<CoreModule | Module>;

/**
 * An open database with its one writer, whatever engine keeps it. Take this type where you do not need the file; `createStore` gives a
 * {@link FileStore}.
 */
export interface Store<Module extends StoreModule = never> extends AsyncDisposable {
  readonly commands: CommandSink<StoreCommand<Module>>;
  readonly repo: ReadOnlyRepo<Module>;
  readonly clock: Clock;
  readonly newId: NewId;
  /** Commits one batch of waiting commands and resolves after it. Only tests need it. */
  flush(): Promise<void>;
  /** Calls `listener` after each commit that changed something. Returns a function that removes it. */
  onCommitted(listener: (batch: CommittedBatch) => void): () => void;
  /**
   * Every domain event after a number: those that are stored, then each new one after its commit. In order, none left out,
   * none twice. A slow reader costs one page of memory, not more. It ends when `signal` is aborted, when the loop is left,
   * and when the store stops. Begin again with the `seq` of the last event that you dealt with.
   *
   * @example
   * ```ts
   * await using store = await createStore({ database: ":memory:" });
   * await store.commands.enqueue({ type: "entity.upsert", entity: { id: "e1", type: "note" } });
   * for await (const event of store.follow({ types: ["entity.upserted"] })) {
   *   assert.equal(event.aggregate_id, "e1");
   *   break;
   * }
   * ```
   */
  follow(options?: FollowEventsOptions): AsyncIterable<DomainEvent>;
  /** Every applied command after a number, like {@link Store.follow}. Throws a `TypeError` if the store keeps no journal. */
  followJournal(options?: FollowLogOptions): AsyncIterable<JournalEntry>;
  health(): Health;
  /** Figures about the queue, the commits and the journal. Cheap enough to read every second. */
  stats(): StoreStats;
  /**
   * Refuses further commands, commits the waiting ones, and closes the database. If the storage is in trouble, it waits at most
   * `storageDeadlineMs`, or `withinMs` if that is less, then rejects what is not committed. Returns the same promise each time.
   */
  stop(options?: { readonly withinMs?: number }): Promise<void>;
}

/** A store whose database is a SQLite file: it has a path, a lock, copies and a past. Made by `createStore`. */
export interface FileStore<Module extends StoreModule = never> extends Store<Module>, Upkeep<Module> {
  /** Names this database, also in its backups. A restored database has another. */
  readonly storeId: string;
  /** Real path of the database file. */
  readonly path: string;
  /** The figures of a {@link Store}, and the sizes of the files. */
  stats(): FileStoreStats;
}
