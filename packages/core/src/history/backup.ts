import { constants } from "node:fs";
import { chmod, copyFile, readFile, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { systemClock } from "../contract/clock.ts";
import { CoreError, isCoreError } from "../contract/errors.ts";
import { canonicalJson } from "../contract/json.ts";
import { checkOptions } from "../contract/known-options.ts";
import { isoTime, timeText } from "../contract/time.ts";
import type { Checkpoints } from "../file/checkpoints.ts";
import { claimFile } from "../file/claim-file.ts";
import { badPath, findDatabaseFile } from "../file/database-file.ts";
import type { DriverName } from "../file/driver.ts";
import { createPrivateFile, withFreshFile } from "../file/fresh-file.ts";
import { chosenDriver, loadSqlite } from "../file/load-sqlite.ts";
import { requireUnlocked } from "../file/lock.ts";
import { migrate } from "../file/migrate.ts";
import { foreign, inspectFile } from "../file/sqlite.ts";
import { newStoreId } from "../file/store-id.ts";
import { databaseTask } from "./database-task.ts";
import type { DatabaseDigest } from "./digest.ts";
import { renewStoreId } from "./renew-store-id.ts";
import type { Unfinished } from "./unfinished.ts";

const manifestSchema = z.object({
  format: z.literal(1),
  store_id: z.string(),
  made_at: timeText,
  last_seq: z.int().min(0),
  digest: z.string(),
  /** Of the backup's file. Older manifests have none. */
  file_digest: z.string().optional(),
  rows: z.record(z.string(), z.int().min(0)),
});

/** Describes a backup, in `<backup>.json` beside it. `restore` compares the backup with it, to detect damage. */
export type Manifest = z.infer<typeof manifestSchema>;

/**
 * Copies the database at `from` to `to` while it is in use. The copy holds everything that was committed before the call.
 * Before this resolves, the copy was read back, checked and compared, and a {@link Manifest} was written beside it.
 */
export async function copyDatabase(options: {
  readonly from: string;
  readonly to: string;
  readonly driver: DriverName;
  readonly now: string;
  readonly signal?: AbortSignal;
  /** Replaces a copy of that name. Default: false. */
  readonly replace?: boolean;
  /** Remembers the file that is filled first, where no sweep would find it. */
  readonly unfinished?: Unfinished;
  /** Of the writer, where there is one. */
  readonly checkpoints?: Pick<Checkpoints, "pause">;
}): Promise<Manifest> {
  const { from, to, now, replace = false, unfinished } = options;
  const fresh = { replace, ...(unfinished === undefined ? {} : { unfinished }) };
  const found = await withFreshFile(
    to,
    async (partial) => {
      await createPrivateFile(partial);
      return databaseTask({ name: "copy", from, to: partial }, options);
    },
    fresh,
  );
  const manifest: Manifest = {
    format: 1,
    store_id: found.store_id,
    made_at: now,
    last_seq: found.last_seq,
    digest: found.digest,
    ...(found.file_digest === undefined ? {} : { file_digest: found.file_digest }),
    rows: rowsOf(found),
  };
  await withFreshFile(
    manifestPath(to),
    (partial) => writeFile(partial, `${canonicalJson(manifest)}\n`, { mode: 0o600 }),
    fresh,
  );
  return manifest;
}

/**
 * Copies the database at `from` to `to`, like `store.backup`, without opening it for writing: also one that a gateway in another process
 * has open. Inside a gateway's own process, call `store.backup`, which lets the gateway's own upkeep wait meanwhile. Rejects with
 * `ATLAS_CORE_DATABASE_PATH` if there is no database, `ATLAS_CORE_DATABASE_FOREIGN`, `ATLAS_CORE_FILE_EXISTS`,
 * `ATLAS_CORE_COPY_FAILED` or `ATLAS_CORE_BUNDLED`.
 */
export async function backup(options: {
  readonly from: string;
  /** No file may exist there. The manifest is written to `<to>.json`. */
  readonly to: string;
  /** The SQLite library to use. Default: better-sqlite3. */
  readonly driver?: DriverName;
}): Promise<Manifest> {
  checkOptions("backup", options, ["from", "to", "driver"]);
  const open = await loadSqlite(chosenDriver("backup", options.driver));
  const file = findDatabaseFile(options.from);
  if (file.isNew) {
    file.remove();
    throw badPath(options.from, "does not exist or is empty");
  }
  const unclaim = claimFile(file.path, open.driver);
  try {
    if (inspectFile(open, file.path) !== "atlas") throw foreign(file.path);
    const now = isoTime(systemClock.now());
    return await copyDatabase({ from: file.path, to: options.to, driver: open.driver, now });
  } finally {
    unclaim();
  }
}

/**
 * Restores the backup at `from` to a new database at `to`. No file may exist there. The copy is compared with the backup's
 * manifest before it gets its name; the backup itself is never changed. The new database gets a store id of its own: its next
 * domain events have other ids than those that the original wrote after the backup. Events in the backup keep theirs. Rejects with
 * `ATLAS_CORE_BACKUP_INVALID`, `ATLAS_CORE_FILE_EXISTS`, `ATLAS_CORE_DATABASE_IN_USE`, `ATLAS_CORE_DATABASE_NEWER`,
 * `ATLAS_CORE_COPY_FAILED` or `ATLAS_CORE_BUNDLED`.
 */
export async function restore(options: {
  readonly from: string;
  readonly to: string;
  /** The SQLite library to use. Default: better-sqlite3. */
  readonly driver?: DriverName;
}): Promise<Manifest> {
  checkOptions("restore", options, ["from", "to", "driver"]);
  const { from, to } = options;
  const openDatabase = await loadSqlite(chosenDriver("restore", options.driver));
  const manifest = await readManifest(from);
  await withFreshFile(to, async (partial) => {
    requireUnlocked(openDatabase, resolve(to));
    await copyFile(from, partial, constants.COPYFILE_EXCL);
    await chmod(partial, 0o600);
    await compare(partial, { from, manifest, driver: openDatabase.driver });
    const database = openDatabase(partial, { timeoutMs: 0 });
    try {
      database.pragma("journal_mode = delete");
      // What an epoch begins with lay beside the other file: opened here, the journal begins anew from this state.
      database.exec(
        "delete from epochs where exists (select 1 from epochs as kept where kept.baseline is not null)",
      );
      // What tells the ids of events; the tables of modules are migrated when it is opened.
      migrate(database, { path: from, modules: [], now: isoTime(systemClock.now()), newStoreId });
      renewStoreId(database);
    } finally {
      database.close();
    }
  });
  return manifest;
}

/** Reads what a backup says of itself. */
async function readManifest(backup: string): Promise<Manifest> {
  const path = manifestPath(backup);
  try {
    return manifestSchema.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw invalid(backup, `its manifest "${path}" is missing or cannot be read`, cause);
  }
}

/** What a copy says of itself; nothing where that cannot be read. */
export function manifestOf(copy: string): Promise<Manifest | undefined> {
  return readManifest(copy).catch(() => undefined);
}

async function compare(
  copy: string,
  {
    from,
    manifest,
    driver,
  }: { readonly from: string; readonly manifest: Manifest; readonly driver: DriverName },
): Promise<void> {
  let found: DatabaseDigest;
  try {
    found = await databaseTask({ name: "digest", path: copy, check: true, file: true }, { driver });
  } catch (cause) {
    if (isCoreError(cause, "ATLAS_CORE_BUNDLED")) throw cause;
    throw invalid(from, `it is damaged: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const is = {
    store_id: found.store_id,
    last_seq: found.last_seq,
    digest: found.digest,
    rows: rowsOf(found),
  };
  const { store_id, last_seq, digest, rows, file_digest = found.file_digest } = manifest;
  const isSame = canonicalJson(is) === canonicalJson({ store_id, last_seq, digest, rows });
  if (!isSame || file_digest !== found.file_digest) {
    throw invalid(from, "its content differs from its manifest");
  }
}

function rowsOf({ tables, bookkeeping }: DatabaseDigest): Record<string, number> {
  return {
    ...Object.fromEntries(Object.entries(tables).map(([name, { rows }]) => [name, rows])),
    ...bookkeeping,
  };
}

function manifestPath(backup: string): string {
  return `${resolve(backup)}.json`;
}

function invalid(path: string, found: string, cause?: unknown): Error {
  const message = `The backup "${path}" cannot be restored: ${found}. It was not changed. Use another backup.`;
  return new CoreError("ATLAS_CORE_BACKUP_INVALID", { path, found }, message, { cause });
}
