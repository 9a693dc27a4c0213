import { readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Checkpoints } from "../file/checkpoints.ts";
import type { DriverName, SqliteDatabase } from "../file/driver.ts";
import { wholeNameOf } from "../file/fresh-file.ts";
import type { EpochReason, EpochRow } from "../model/bookkeeping.ts";
import { copyDatabase } from "./backup.ts";
import { baselinePath } from "./epoch.ts";

/**
 * Copies the database as the beginning of a new epoch and says what has to be kept of it. The epoch begins with the command
 * after the last one in the copy.
 */
export async function makeBaseline(options: {
  readonly database: SqliteDatabase;
  readonly path: string;
  readonly driver: DriverName;
  /** The number of the next command, for the name of the copy. */
  readonly nextSeq: number;
  readonly fingerprint: string;
  readonly reason: EpochReason;
  readonly now: string;
  readonly signal?: AbortSignal;
  /** Of the writer, where commands are written meanwhile. */
  readonly checkpoints?: Pick<Checkpoints, "pause">;
}): Promise<EpochRow> {
  const { database, path, driver, nextSeq, fingerprint, reason, now, signal, checkpoints } = options;
  const to = freeBaselinePath(namedBaselines(database), { path, nextSeq });
  const manifest = await copyDatabase({
    from: path,
    driver,
    to,
    now,
    // One that was left by a start that did not come to its end.
    replace: true,
    ...(signal === undefined ? {} : { signal }),
    ...(checkpoints === undefined ? {} : { checkpoints }),
  });
  return {
    first_seq: manifest.last_seq + 1,
    fingerprint,
    reason,
    baseline: basename(to),
    digest: manifest.digest,
    started_at: now,
  };
}

/**
 * A path that no epoch names: the start that needs the new copy may fail, and an epoch that began with the same command still
 * needs its own.
 */
function freeBaselinePath(
  named: ReadonlySet<string>,
  { path, nextSeq }: { readonly path: string; readonly nextSeq: number },
): string {
  const first = baselinePath(path, nextSeq);
  return named.has(basename(first)) ? baselinePath(path, nextSeq, 2) : first;
}

function namedBaselines(database: SqliteDatabase): ReadonlySet<string> {
  return new Set(
    database.prepare<[], string>("select baseline from epochs where baseline is not null").pluck().all(),
  );
}

/** Removes the baselines that no epoch names any more, and what killed runs left of unfinished ones. */
export function sweepBaselines(database: SqliteDatabase, path: string): void {
  const named = namedBaselines(database);
  const prefix = `${basename(path)}.epoch-`;
  for (const file of readdirSync(dirname(path))) {
    const unfinished = wholeNameOf(file);
    const baseline = (unfinished ?? file).replace(/\.json$/, "");
    if (!baseline.startsWith(prefix) || !/^\d+(?:-2)?\.db$/.test(baseline.slice(prefix.length))) continue;
    if (unfinished !== undefined || !named.has(baseline))
      rmSync(join(dirname(path), file), { force: true, recursive: true });
  }
}
