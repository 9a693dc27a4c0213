import type { Connection } from "./connection.ts";
import { CHECKPOINT_PAGES } from "./sqlite.ts";

/** When the connection that writes brings its log into the file by itself. */
export interface Checkpoints {
  /**
   * Leaves the log to a thread that reads one long snapshot, and brings the log in after it. The returned function gives it back to
   * the writer; calling it twice does no harm.
   */
  pause(): () => void;
}

/** The checkpoints of the connection that `current` returns. A connection that was opened meanwhile makes its own. */
export function createCheckpoints(current: () => Connection): Checkpoints {
  let paused = 0;
  const set = (pages: number): void => {
    const { database } = current();
    if (database.open) database.pragma(`wal_autocheckpoint = ${pages}`);
  };
  return {
    pause() {
      paused += 1;
      set(0);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        paused -= 1;
        if (paused === 0) set(CHECKPOINT_PAGES);
      };
    },
  };
}
