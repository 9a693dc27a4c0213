import { parentPort, workerData } from "node:worker_threads";
import type { CheckpointAnswer, CheckpointRequest, CheckpointTarget } from "./checkpoint-thread.ts";
import { loadSqlite } from "./load-sqlite.ts";
import { CHECKPOINT_PAGES } from "./log-length.ts";

// Runs in a thread of its own beside the writer: moving pages from the log into the file waits for the disk, which the event
// loop must not. SQLite's passive checkpoint never keeps the writer or a reader waiting.

const { path, driver } = workerData as CheckpointTarget;
const open = await loadSqlite(driver);
const database = open(path, { mustExist: true, timeoutMs: 0 });
// The log may be overwritten once its pages are in the file, so they must really be there.
database.pragma("synchronous = full");
if (process.platform === "darwin") database.pragma("checkpoint_fullfsync = on");

parentPort?.on("message", (request: CheckpointRequest) => {
  if (request === "end") {
    database.close();
    parentPort?.close();
    return;
  }
  parentPort?.postMessage(answerTo(request));
});

function answerTo(request: Exclude<CheckpointRequest, "end">): CheckpointAnswer {
  try {
    const { log, checkpointed } = checkpoint("noop");
    const waiting = log - checkpointed;
    if (waiting >= CHECKPOINT_PAGES || (request === "all" && waiting > 0)) return checkpoint("passive");
    return { log, checkpointed };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

/** Pages in the log, and how many of them are in the file too. */
function checkpoint(mode: "noop" | "passive"): { readonly log: number; readonly checkpointed: number } {
  const [row] = database.pragma(`wal_checkpoint(${mode})`) as [{ log: number; checkpointed: number }];
  return { log: row.log, checkpointed: row.checkpointed };
}
