import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { z } from "zod";
import { defineCommand } from "../contract/define-command.ts";
import { canonicalJson } from "../contract/json.ts";
import { lazySchema } from "../contract/lazy-schema.ts";
import type { StoreModule } from "../contract/module.ts";
import { excluded, lazyStatement } from "../contract/statement.ts";
import type { Connection } from "../file/connection.ts";
import type { SqliteDatabase } from "../file/driver.ts";
import { compileMigrations } from "../file/migrate.ts";
import type { BookkeepingTables, EpochReason, EpochRow } from "../model/bookkeeping.ts";
import { readCounters } from "../writing/counters.ts";

/** Names what replaying depends on: the installed modules with their versions and migrations, in whatever order. */
export function fingerprintOfModules(modules: readonly StoreModule[]): string {
  const parts = modules
    .map((module) => ({
      name: module.name,
      version: module.version,
      migrations: compileMigrations(module).map(({ name, checksum }) => [name, checksum]),
    }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
  return createHash("sha256").update(canonicalJson(parts)).digest("hex");
}

/** How far a database and its journal have come. */
export interface JournalState {
  /** The number that the next command gets. */
  readonly nextSeq: number;
  /** The number of the last command in the journal; 0 when it is empty. */
  readonly journaledThrough: number;
  /** The present epoch. */
  readonly epoch: EpochRow | undefined;
}

/** Reads how far the journal of a migrated database has come. */
export function readJournalState(database: SqliteDatabase): JournalState {
  const last = database.prepare("select max(seq) from journal").pluck().get();
  const epoch = database.prepare<[], EpochRow>("select * from epochs order by first_seq desc limit 1").get();
  return { nextSeq: readCounters(database).nextCommand, journaledThrough: Number(last ?? 0), epoch };
}

/**
 * Says whether a store that is about to open begins a new epoch, and why: what was written under other modules, or without
 * a journal, cannot be replayed by these.
 */
export function nextEpoch(
  { nextSeq, journaledThrough, epoch }: JournalState,
  now: { readonly fingerprint: string; readonly journal: boolean; readonly migrates: boolean },
): EpochReason | undefined {
  const isSame = epoch?.fingerprint === now.fingerprint;
  // Before the first command there is nothing to begin from but the migrations themselves.
  if (nextSeq === 1) return isSame ? undefined : "created";
  if (now.migrates) return "migrated";
  if (!now.journal) return undefined;
  if (epoch === undefined) return "journal resumed";
  if (!isSame) return "modules changed";
  return journaledThrough < nextSeq - 1 && epoch.first_seq < nextSeq ? "journal resumed" : undefined;
}

/** The path of the copy that an epoch begins with; the second one where the first is in use. */
export function baselinePath(databasePath: string, firstSeq: number, copy: 1 | 2 = 1): string {
  return `${databasePath}.epoch-${firstSeq}${copy === 1 ? "" : `-${copy}`}.db`;
}

/** Where a baseline lies that is named in an {@link EpochRow}: beside its database. */
export function findBaseline(databasePath: string, baseline: string): string {
  return join(dirname(databasePath), baseline);
}

const EPOCH_CONTENT = [
  "fingerprint",
  "reason",
  "baseline",
  "digest",
  "started_at",
] as const satisfies readonly (keyof EpochRow)[];
/** The columns of `epochs`. */
export const EPOCH_COLUMNS = ["first_seq", ...EPOCH_CONTENT] as const;

const insertEpoch = lazyStatement<BookkeepingTables, EpochRow>((db, p) =>
  db
    .insertInto("epochs")
    .values(p.columns(EPOCH_COLUMNS))
    .onConflict((conflict) =>
      conflict.column("first_seq").doUpdateSet((row) => excluded(row, EPOCH_CONTENT)),
    ),
);

/** Writes an epoch into a database that no writer has yet. */
export function keepEpoch(connection: Connection, epoch: EpochRow): void {
  connection.prepared(insertEpoch).run({ ...epoch });
}

/** The type of the command with which the store itself begins an epoch; no caller can send it. */
export const START_EPOCH = "store.startEpoch";

/** Begins an epoch. It is a command like any other, so that the journal tells of it too. */
export const startEpoch = defineCommand<BookkeepingTables>()({
  schema: lazySchema(() => z.object({ epoch: z.custom<EpochRow>() })),
  apply: ({ epoch }, change) => change.run(insertEpoch, epoch),
});
