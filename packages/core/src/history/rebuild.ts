import { constants, existsSync } from "node:fs";
import { chmod, copyFile } from "node:fs/promises";
import { CoreError, isCoreError } from "../contract/errors.ts";
import type { StoreModule } from "../contract/module.ts";
import type { UnreachableReason } from "../contract/unreachable-reason.ts";
import type { Checkpoints } from "../file/checkpoints.ts";
import { type Connection, createConnection } from "../file/connection.ts";
import type { OpenDatabase } from "../file/driver.ts";
import { createPrivateFile } from "../file/fresh-file.ts";
import { migrate } from "../file/migrate.ts";
import { openWriting } from "../file/sqlite.ts";
import { newStoreId } from "../file/store-id.ts";
import type { EpochRow } from "../model/bookkeeping.ts";
import { readCounters } from "../writing/counters.ts";
import { manifestOf } from "./backup.ts";
import { databaseTask } from "./database-task.ts";
import type { DatabaseDigest } from "./digest.ts";
import { findBaseline, fingerprintOfModules, keepEpoch } from "./epoch.ts";
import { copyStoreIds } from "./renew-store-id.ts";
import { type Replayed, replay } from "./replay.ts";

/** Where the past of a database is found. */
export interface Past {
  readonly open: OpenDatabase;
  /** Path of the database. */
  readonly path: string;
  readonly reader: Connection;
  readonly modules: readonly StoreModule[];
  readonly checkpoints: Pick<Checkpoints, "pause">;
}

/** A database rebuilt from the journal. */
export interface Rebuilt {
  readonly connection: Connection;
  readonly epoch: EpochRow;
  readonly commands: number;
}

/**
 * Rebuilds at `to`, a path without a file, what the database held after command `seq`: the present epoch's baseline, and
 * every command since. Rejects with `ATLAS_CORE_EPOCH_UNREACHABLE` where that cannot be done.
 */
export async function rebuild(
  past: Past,
  target: {
    readonly seq: number;
    readonly to: string;
    readonly keepJournal: boolean;
    readonly signal: AbortSignal;
  },
): Promise<Rebuilt> {
  const { seq, to, signal } = target;
  const { database } = past.reader;
  const epoch = epochOf(past, seq);
  if (epoch.baseline === null) await createPrivateFile(to);
  else await copyBaseline(past, epoch, { seq, to, signal });
  const connection = createConnection(openWriting(past.open, to, "off"));
  try {
    // Nobody reads it before it is done, and nobody needs it after a crash: a log would be written for nothing.
    connection.database.pragma("journal_mode = memory");
    migrate(connection.database, {
      path: to,
      modules: past.modules,
      now: epoch.started_at,
      newStoreId,
    });
    copyStoreIds(database, connection.database);
    const replayed = await replay({
      journal: past.reader,
      into: connection,
      modules: past.modules,
      after: epoch.first_seq - 1,
      through: seq,
      keepJournal: target.keepJournal,
      signal,
    });
    if (replayed.status !== "complete") throw stuck(seq, replayed);
    // The copies that these name lie beside the other database, also those of epochs that the journal itself began. Opened by
    // itself, this one begins anew.
    connection.database.exec("delete from epochs");
    if (epoch.baseline === null) keepEpoch(connection, epoch);
    return { connection, epoch, commands: replayed.commands };
  } catch (error) {
    connection.database.close();
    throw error;
  }
}

function epochOf({ reader, modules }: Past, seq: number): EpochRow {
  const { database } = reader;
  const next = readCounters(database).nextCommand;
  if (seq >= next) {
    throw unreachable(seq, "future", `the last command has number ${next - 1}`);
  }
  const epoch = database
    .prepare<[number], EpochRow>("select * from epochs where first_seq <= ? order by first_seq desc limit 1")
    .get(seq + 1);
  if (epoch === undefined)
    throw unreachable(seq, "journal incomplete", "the journal of that time was removed");
  if (epoch.fingerprint !== fingerprintOfModules(modules)) {
    throw unreachable(seq, "modules changed", "other modules or versions were installed then");
  }
  return epoch;
}

async function copyBaseline(
  past: Past,
  epoch: EpochRow,
  { seq, to, signal }: { readonly seq: number; readonly to: string; readonly signal: AbortSignal },
): Promise<void> {
  const baseline = findBaseline(past.path, epoch.baseline as string);
  if (!existsSync(baseline)) throw unreachable(seq, "baseline missing", `"${baseline}" does not exist`);
  await copyFile(baseline, to, constants.COPYFILE_EXCL);
  await chmod(to, 0o600);
  signal.throwIfAborted();
  const altered = (what: string, cause?: unknown): CoreError =>
    unreachable(seq, "baseline altered", `"${baseline}" ${what}`, cause);
  // The epoch knows the tables of modules only; a manifest, where one is left, knows the whole file.
  const { file_digest } = (await manifestOf(baseline)) ?? {};
  let found: DatabaseDigest;
  try {
    found = await databaseTask(
      { name: "digest", path: to, check: true, file: true },
      { driver: past.open.driver, signal },
    );
  } catch (error) {
    signal.throwIfAborted();
    if (isCoreError(error, "ATLAS_CORE_BUNDLED")) throw error;
    throw altered("cannot be read", error);
  }
  const isSameFile = file_digest === undefined || file_digest === found.file_digest;
  if (found.digest !== epoch.digest || !isSameFile) throw altered("was modified");
}

function stuck(seq: number, replayed: Exclude<Replayed, { readonly status: "complete" }>): CoreError {
  return replayed.status === "gap"
    ? unreachable(seq, "journal incomplete", `command ${replayed.seq} is not in the journal`)
    : unreachable(
        seq,
        "diverged",
        `command ${replayed.seq} cannot be applied again: ${replayed.message.replace(/\.$/, "")}`,
      );
}

function unreachable(seq: number, reason: UnreachableReason, what: string, cause?: unknown): CoreError {
  const message = `The state after command ${seq} cannot be rebuilt: ${what}.`;
  return new CoreError("ATLAS_CORE_EPOCH_UNREACHABLE", { seq, reason }, message, { cause });
}
