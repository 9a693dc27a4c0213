import { parentPort, workerData } from "node:worker_threads";
import type { DriverName, OpenDatabase } from "../file/driver.ts";
import { loadSqlite } from "../file/load-sqlite.ts";
import { inTransaction } from "../file/transaction.ts";
import { readCounters } from "../writing/counters.ts";
import { checkpointLog } from "./checkpoint-log.ts";
import { type DatabaseDigest, digestOf, fileDigest } from "./digest.ts";
import { LOCK_TIMEOUT_MS, makeCopy, requireWhole } from "./make-copy.ts";

// Runs in a thread of its own, one task a thread: reading a whole database takes seconds, which the event loop has not.

/** What a thread may be asked for. */
export type DatabaseTask =
  /** Reads a database in one snapshot; a copy, with `file`, as a file too. With `inUse` it brings the log in that gathered meanwhile. */
  | {
      readonly name: "digest";
      readonly path: string;
      readonly check: boolean;
      readonly file?: boolean;
      readonly inUse?: boolean;
    }
  /** Runs SQLite's quick check; with `readonly`, without touching what lies beside the file. */
  | { readonly name: "check"; readonly path: string; readonly readonly: boolean }
  /** Writes a copy of the present state, reads it back and compares it with what was copied. */
  | { readonly name: "copy"; readonly from: string; readonly to: string };

/** What a thread is started with. */
export interface DatabaseWork {
  readonly task: DatabaseTask;
  readonly driver: DriverName;
}

/** How a thread answers: what it found, or what SQLite said. */
export type DatabaseAnswer =
  /** Comes first, when the state is fixed that is read: the number of its last command. */
  | { readonly lastSeq: number }
  /** The database that is in use is not read any more, and its log was brought in. */
  | { readonly released: true }
  | FinalAnswer;

/** The last answer of a thread. */
export type FinalAnswer =
  | { readonly digest: DatabaseDigest | undefined }
  | { readonly error: { readonly message: string; readonly code?: string } };

const { task, driver } = workerData as DatabaseWork;

async function carryOut(open: OpenDatabase): Promise<DatabaseDigest | undefined> {
  switch (task.name) {
    case "copy":
      return makeCopy(open, task, (from) => release(open, from));
    case "digest":
      return digest(open, task);
    case "check":
      return check(open, task);
    default:
      return task satisfies never;
  }
}

function check(
  open: OpenDatabase,
  { path, readonly }: { readonly path: string; readonly readonly: boolean },
): undefined {
  const database = open(path, { readonly, timeoutMs: LOCK_TIMEOUT_MS });
  try {
    requireWhole(database);
  } finally {
    database.close();
  }
}

function digest(
  open: OpenDatabase,
  { path, check, file = false, inUse = false }: Extract<DatabaseTask, { readonly name: "digest" }>,
): DatabaseDigest {
  const file_digest = file ? fileDigest(path) : undefined;
  const database = open(path, { readonly: true, timeoutMs: LOCK_TIMEOUT_MS });
  try {
    if (check) requireWhole(database);
    // One transaction is one snapshot, whatever is written meanwhile.
    return inTransaction(database, () => {
      answer({ lastSeq: readCounters(database).nextCommand - 1 });
      return { ...digestOf(database), ...(file_digest === undefined ? {} : { file_digest }) };
    });
  } finally {
    database.close();
    if (inUse) release(open, path);
  }
}

function release(open: OpenDatabase, path: string): void {
  checkpointLog(open, path);
  answer({ released: true });
}

function answer(message: DatabaseAnswer): void {
  parentPort?.postMessage(message);
}

await loadSqlite(driver)
  .then(carryOut)
  .then(
    (found) => answer({ digest: found }),
    ({ message, code }: Error & { readonly code?: string }) =>
      answer({ error: { message, ...(code === undefined ? {} : { code }) } }),
  );
