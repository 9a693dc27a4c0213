import { closeSync, fdatasyncSync, openSync } from "node:fs";
import type { OpenDatabase, SqliteDatabase } from "../file/driver.ts";
import { type DatabaseDigest, digestOf, fileDigest } from "./digest.ts";

export const LOCK_TIMEOUT_MS = 5_000;
// 2 MiB. The disk gets it before the next part, so a commit that is flushed beside it waits for one part and not for the whole copy.
const PAGES_AT_ONCE = 500;

/**
 * Writes a copy of the present state to `to`, reads it back, checks it and compares it with what was copied. It holds the thread for
 * as long as that takes. Who gives the file its name flushes it. `release` is called as soon as the original is not read any more.
 */
export async function makeCopy(
  open: OpenDatabase,
  { from, to }: { readonly from: string; readonly to: string },
  release: (from: string) => void = () => undefined,
): Promise<DatabaseDigest> {
  const source = open(from, { readonly: true, timeoutMs: LOCK_TIMEOUT_MS });
  let original: DatabaseDigest;
  try {
    // Within a transaction the copy is of one moment and is never begun again because of a writer.
    source.exec("begin");
    original = digestOf(source);
    await copyPages(source, to);
    source.exec("commit");
  } finally {
    source.close();
    release(from);
  }
  const copied = open(to, { timeoutMs: LOCK_TIMEOUT_MS });
  try {
    // The copy is one file: whoever takes it along has all of it.
    copied.pragma("journal_mode = delete");
    requireWhole(copied);
    const found = digestOf(copied);
    if (JSON.stringify(found) !== JSON.stringify(original))
      throw new Error("the copy differs from its original");
  } finally {
    copied.close();
  }
  return { ...original, file_digest: fileDigest(to) };
}

/** Throws SQLite's first finding, with the code of a damaged file. */
export function requireWhole(database: SqliteDatabase): void {
  const found = String(database.pragma("quick_check(1)", { simple: true }));
  if (found !== "ok") throw Object.assign(new Error(found), { code: "SQLITE_CORRUPT" });
}

async function copyPages(source: SqliteDatabase, to: string): Promise<void> {
  const file = openSync(to, "a", 0o600);
  try {
    await source.backup(to, {
      rate: PAGES_AT_ONCE,
      progress: () => {
        fdatasyncSync(file);
        return PAGES_AT_ONCE;
      },
    });
  } finally {
    closeSync(file);
  }
}
