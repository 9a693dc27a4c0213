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
 * {@link DatabaseTaskFailed}, and with the signal's reason as soon as it is aborted; the thread has then ended. `onSnapshot`
 * is called when the state is fixed that is read, with the number of its last command.
 */
export async function databaseTask(
  task: DatabaseTask,
  signal?: AbortSignal,
  onSnapshot?: (lastSeq: number) => void,
): Promise<DatabaseDigest> {
  signal?.throwIfAborted();
  // Beside this file, in the sources as in the build.
  const file = import.meta.url.endsWith(".ts") ? "./database-worker.ts" : "./database-worker.js";
  const worker = new Worker(new URL(file, import.meta.url), { workerData: task, execArgv: [] });
  const abort = (): void => void worker.terminate();
  signal?.addEventListener("abort", abort);
  try {
    const answer = await new Promise<Exclude<DatabaseAnswer, { readonly lastSeq: number }>>(
      (resolve, reject) => {
        worker.on("message", (message: DatabaseAnswer) => {
          if ("lastSeq" in message) onSnapshot?.(message.lastSeq);
          else resolve(message);
        });
        worker.once("error", reject);
        worker.once("exit", () => reject(new DatabaseTaskFailed("its thread ended without an answer")));
      },
    );
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
