import { Worker } from "node:worker_threads";
import type { Checkpoints } from "../file/checkpoints.ts";
import type { DriverName } from "../file/driver.ts";
import { findWorkerFile } from "../file/worker-file.ts";
import type { DatabaseAnswer, DatabaseTask, DatabaseWork, FinalAnswer } from "./database-worker.ts";
import type { DatabaseDigest } from "./digest.ts";

/** Says, in the words of SQLite or Node, why a task on a whole database failed. */
class DatabaseTaskFailed extends Error {
  override readonly name = "DatabaseTaskFailed";
  /** SQLite's code, or Node's, where there is one. */
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

/** How a task is run. */
export interface TaskOptions {
  /** Of the store: one process uses one SQLite library on a file. */
  readonly driver: DriverName;
  readonly signal?: AbortSignal;
  /** Gets the number of the last command in the state that the task reads, as soon as that state is fixed. */
  readonly onSnapshot?: (lastSeq: number) => void;
  /** Of the writer of the database that is read. It lasts until the task has let go of its snapshot. */
  readonly checkpoints?: Pick<Checkpoints, "pause">;
}

/**
 * Runs a task on a whole database in its own thread, so that the event loop stays free. Rejects with
 * {@link DatabaseTaskFailed}, with `ATLAS_CORE_BUNDLED`, or with the signal's reason as soon as it is aborted; the thread
 * has ended then.
 */
export async function databaseTask(
  task: Exclude<DatabaseTask, { readonly name: "check" }>,
  options: TaskOptions,
): Promise<DatabaseDigest> {
  // Both of these tasks answer with one.
  return (await run(task, options)) as DatabaseDigest;
}

/** Finds the file of the thread that reads and copies databases; throws `ATLAS_CORE_BUNDLED` if a bundler left it behind. */
export function findDatabaseWorker(): URL {
  return findWorkerFile("database-worker", import.meta.url);
}

/** Runs SQLite's quick check in a thread of its own. Rejects as {@link databaseTask} does, with `SQLITE_CORRUPT` for damage. */
export async function checkTask(
  path: string,
  options: { readonly readonly: boolean; readonly driver: DriverName },
): Promise<void> {
  const { readonly, driver } = options;
  await run({ name: "check", path, readonly }, { driver });
}

async function run(
  task: DatabaseTask,
  { driver, signal, onSnapshot, checkpoints }: TaskOptions,
): Promise<DatabaseDigest | undefined> {
  signal?.throwIfAborted();
  const workerData: DatabaseWork = { task, driver };
  const worker = new Worker(findDatabaseWorker(), { workerData, execArgv: [] });
  const abort = (): void => void worker.terminate();
  signal?.addEventListener("abort", abort);
  const resume = checkpoints?.pause();
  try {
    const answer = await new Promise<FinalAnswer>((resolve, reject) => {
      worker.on("message", (message: DatabaseAnswer) => {
        if ("lastSeq" in message) onSnapshot?.(message.lastSeq);
        else if ("released" in message) resume?.();
        else resolve(message);
      });
      worker.once("error", reject);
      worker.once("exit", () => reject(new DatabaseTaskFailed("its thread ended without an answer")));
    });
    if ("error" in answer) throw new DatabaseTaskFailed(answer.error.message, answer.error.code);
    return answer.digest;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
    await worker.terminate();
    resume?.();
  }
}
