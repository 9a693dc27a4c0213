import { Worker } from "node:worker_threads";
import type { DatabaseAnswer, DatabaseTask } from "./database-worker.ts";
import type { DatabaseDigest } from "./digest.ts";

/** SQLite's own words for why a task on a whole database could not be done. */
class DatabaseTaskFailed extends Error {
  override readonly name = "DatabaseTaskFailed";
  /** SQLite's code, or Node's, where there is one. */
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Does a task on a whole database in a thread of its own, so that the event loop goes on meanwhile. Rejects with
 * {@link DatabaseTaskFailed}, and with the signal's reason as soon as it is aborted; the thread has then ended.
 */
export async function databaseTask(task: DatabaseTask, signal?: AbortSignal): Promise<DatabaseDigest> {
  signal?.throwIfAborted();
  // Beside this file, in the sources as in the build.
  const file = import.meta.url.endsWith(".ts") ? "./database-worker.ts" : "./database-worker.js";
  const worker = new Worker(new URL(file, import.meta.url), { workerData: task, execArgv: [] });
  const abort = (): void => void worker.terminate();
  signal?.addEventListener("abort", abort);
  try {
    const answer = await new Promise<DatabaseAnswer>((resolve, reject) => {
      worker.once("message", resolve);
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
  }
}
