import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { systemClock } from "../contract/clock.ts";
import { isCoreError } from "../contract/errors.ts";
import { checkOptions } from "../contract/known-options.ts";
import type { StoreModule } from "../contract/module.ts";
import { createConnection } from "../file/connection.ts";
import { copyError, withFreshFile } from "../file/fresh-file.ts";
import { requireUnlocked } from "../file/lock.ts";
import { openReading } from "../file/sqlite.ts";
import { createAdHocReads, READ_TIMEOUT_MS } from "../reading/ad-hoc-reads.ts";
import { createReadOnlyRepo, type ReadOnlyRepo } from "../reading/read-only-repo.ts";
import { readCounters } from "../writing/counters.ts";
import { databaseTask } from "./database-task.ts";
import type { DatabaseDigest } from "./digest.ts";
import { type Past, rebuild } from "./rebuild.ts";
import { rememberIds } from "./remember-ids.ts";
import { renewStoreId } from "./renew-store-id.ts";
import { TEMPORARY_FOLDER, type Unfinished } from "./unfinished.ts";

/** What `store.verify()` found. */
export type Verification =
  /** Replaying the journal gave the same rows, byte for byte. */
  | {
      readonly status: "verified";
      /** The first command that was replayed. Its epoch started from a verified copy. */
      readonly first_seq: number;
      readonly last_seq: number;
      /** How many commands were replayed. */
      readonly commands: number;
      readonly digest: string;
    }
  /** Replaying gave other rows: something other than commands changed the tables, or a handler was changed. */
  | {
      readonly status: "diverged";
      readonly first_seq: number;
      readonly last_seq: number;
      /** The tables that differ; empty if a command could not be applied again. */
      readonly tables: readonly string[];
      readonly message: string;
    };

/** The database as it was after one command, in a temporary file. */
export interface PastStore<Module extends StoreModule = never> extends AsyncDisposable {
  readonly seq: number;
  readonly repo: ReadOnlyRepo<Module>;
  /** Closes and removes the file. Returns the same promise each time. */
  close(): Promise<void>;
}

/** Looks back with the journal of a database. Each call works on its own files. */
export interface TimeTravel<Module extends StoreModule> {
  verify(): Promise<Verification>;
  asOf(seq: number): Promise<PastStore<Module>>;
  replay(path: string, options?: { readonly seq?: number }): Promise<{ readonly seq: number }>;
  /** Closes what `asOf` opened. */
  close(): Promise<void>;
}

/** Looks back from an open database. `signal` ends what is under way; `unfinished` remembers what it has made until that is gone. */
export function createTimeTravel<Module extends StoreModule>(
  past: Past,
  { signal, unfinished }: { readonly signal: AbortSignal; readonly unfinished: Unfinished },
): TimeTravel<Module> {
  const opened = new Set<PastStore<Module>>();

  return {
    async verify() {
      const snapshot = Promise.withResolvers<number>();
      const digest = { name: "digest", path: past.path, check: false, inUse: true } as const;
      const { checkpoints } = past;
      const { driver } = past.open;
      const digesting = databaseTask(digest, { driver, signal, onSnapshot: snapshot.resolve, checkpoints });
      digesting.catch(snapshot.reject);
      const last_seq = await snapshot.promise;
      return inTemporaryFolder(unfinished, async (folder) => {
        const to = join(folder, "replay.db");
        try {
          const { connection, epoch, commands } = await rebuild(past, {
            seq: last_seq,
            to,
            keepJournal: false,
            signal,
          });
          connection.database.close();
          const again = await databaseTask({ name: "digest", path: to, check: false }, { driver, signal });
          const now = await digesting;
          const range = { first_seq: epoch.first_seq, last_seq };
          const tables = differingTables(now, again);
          if (tables.length === 0) return { status: "verified", ...range, commands, digest: now.digest };
          const message = `Replaying commands ${range.first_seq} to ${range.last_seq} gave other rows in ${tables.join(", ")}.`;
          return { status: "diverged", ...range, tables, message };
        } catch (error) {
          if (!isCoreError(error, "ATLAS_CORE_EPOCH_UNREACHABLE") || error.details.reason !== "diverged") {
            throw error;
          }
          const first_seq = Number(
            past.reader.database.prepare("select max(first_seq) from epochs").pluck().get(),
          );
          return {
            status: "diverged",
            first_seq,
            last_seq,
            tables: [],
            message: error.message,
          };
        } finally {
          // The thread ends before this does, whatever was found.
          await digesting.catch(() => undefined);
        }
      });
    },

    async asOf(seq) {
      checkSeq(seq);
      const folder = await makeFolder(unfinished);
      const remove = (): Promise<void> => removeFolder(folder, unfinished);
      try {
        const path = join(folder, "past.db");
        const { connection } = await rebuild(past, { seq, to: path, keepJournal: true, signal });
        connection.database.close();
        const reader = createConnection(openReading(past.open, path));
        const reads = createAdHocReads({
          open: () => openReading(past.open, path),
          clock: systemClock,
          timeoutMs: READ_TIMEOUT_MS,
        });
        let closed: Promise<void> | undefined;
        const store: PastStore<Module> = {
          seq,
          repo: createReadOnlyRepo<Module>(reader, past.modules, reads.dialect),
          close() {
            closed ??= (async () => {
              opened.delete(store);
              reads.close();
              reader.database.close();
              await remove();
            })();
            return closed;
          },
          [Symbol.asyncDispose]: () => store.close(),
        };
        opened.add(store);
        return store;
      } catch (error) {
        await remove();
        throw copyError(folder, error);
      }
    },

    async replay(path, options = {}) {
      checkOptions("replay", options, ["seq"]);
      const seq = options.seq ?? readCounters(past.reader.database).nextCommand - 1;
      checkSeq(seq);
      const write = async (to: string): Promise<void> => {
        requireUnlocked(past.open, resolve(path));
        const { connection } = await rebuild(past, { seq, to, keepJournal: true, signal });
        try {
          await rememberIds(past.reader.database, connection.database, { through: seq, signal });
          renewStoreId(connection.database);
        } finally {
          connection.database.close();
        }
      };
      await withFreshFile(path, write, { unfinished });
      return { seq };
    },

    async close() {
      await Promise.all(Array.from(opened, (store) => store.close()));
    },
  };
}

async function makeFolder(unfinished: Unfinished): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), TEMPORARY_FOLDER));
  unfinished.add(folder);
  return folder;
}

async function removeFolder(folder: string, unfinished: Unfinished): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  unfinished.remove(folder);
}

async function inTemporaryFolder<Result>(
  unfinished: Unfinished,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await makeFolder(unfinished);
  try {
    return await use(folder);
  } catch (error) {
    throw copyError(folder, error);
  } finally {
    await removeFolder(folder, unfinished);
  }
}

/**
 * The tables that differ. A replay has those of all installed modules, so a table that it lacks is left from a module that was
 * removed before the first command.
 */
function differingTables(now: DatabaseDigest, again: DatabaseDigest): readonly string[] {
  return Object.entries(again.tables)
    .filter(([name, { digest }]) => now.tables[name]?.digest !== digest)
    .map(([name]) => name)
    .sort();
}

function checkSeq(seq: number): void {
  if (!Number.isSafeInteger(seq) || seq < 0) {
    throw new TypeError(
      `seq must be the number of a command, or 0 for the state before the first command; got ${seq}.`,
    );
  }
}
