import type { OpenDatabase } from "../file/driver.ts";

const LOCK_TIMEOUT_MS = 5_000;
const PASSES = 5;
// What the writer's own next checkpoint may be left: a few milliseconds of work.
const FEW_FRAMES = 400;

/**
 * Writes what gathered in the log of a database in use into its file. While a snapshot is read no checkpoint gets past it, so a
 * long one leaves hundreds of megabytes, which the writer's next commit would bring in on the event loop. What it can do it does;
 * the writer's own checkpoints do the rest.
 */
export function checkpointLog(open: OpenDatabase, path: string): void {
  try {
    const database = open(path, { mustExist: true, timeoutMs: LOCK_TIMEOUT_MS });
    try {
      database.pragma("synchronous = full");
      if (process.platform === "darwin") database.pragma("checkpoint_fullfsync = on");
      for (let pass = 0; pass < PASSES; pass += 1) {
        // Passive: it waits for nobody, and commits go on. They make the log longer, so one pass is not enough.
        const found = database.pragma("wal_checkpoint(passive)") as readonly Checkpointed[];
        if (found.every(({ busy, log, checkpointed }) => busy !== 0 || log - checkpointed <= FEW_FRAMES))
          return;
      }
    } finally {
      database.close();
    }
  } catch {
    // A full or broken disk. The writer meets it with its next commit, and knows what to do.
  }
}

/** The columns that the pragma documents. */
interface Checkpointed {
  readonly busy: number;
  readonly log: number;
  readonly checkpointed: number;
}
