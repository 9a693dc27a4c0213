import type { Connection } from "./connection.ts";

/** Stops the connection that writes from bringing its log into the file. */
export interface CheckpointPause {
  /**
   * Leaves the log to a thread that reads one long snapshot, and brings the log in after it. The returned function gives it back to
   * the writer; calling it twice does no harm.
   */
  begin(): () => void;
}

/** The pause of the connection that `current` returns. A connection that was opened meanwhile goes on by itself. */
export function createCheckpointPause(current: () => Connection): CheckpointPause {
  let paused = 0;
  let usualPages = 0;
  const pages = (): number => Number(current().database.pragma("wal_autocheckpoint", { simple: true }));
  const set = (count: number): void => void current().database.pragma(`wal_autocheckpoint = ${count}`);
  return {
    begin() {
      if (!current().database.open) return () => undefined;
      if (paused === 0) usualPages = pages();
      paused += 1;
      set(0);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        paused -= 1;
        if (paused === 0 && current().database.open && pages() === 0) set(usualPages);
      };
    },
  };
}
