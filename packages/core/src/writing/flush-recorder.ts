import { createRecorder, type Distribution } from "./distribution.ts";

/** What the flush loop has done since the store was opened. */
export interface FlushStats {
  /** Commands per commit. */
  readonly batchCommands: Distribution;
  /** Duration of a commit in milliseconds, including the batch's statements. */
  readonly commitMs: Distribution;
  /** Commands that were refused, before or after they were queued. */
  readonly refusedCommands: number;
}

/** Collects the {@link FlushStats}. */
export interface FlushRecorder {
  committed(commands: number, tookMs: number): void;
  refused(commands: number): void;
  stats(): FlushStats;
}

/** Starts at zero. */
export function createFlushRecorder(): FlushRecorder {
  const batchCommands = createRecorder(1);
  const commitMs = createRecorder(1_000);
  let refusedCommands = 0;
  return {
    committed(commands, tookMs) {
      batchCommands.record(commands);
      commitMs.record(tookMs);
    },
    refused(commands) {
      refusedCommands += commands;
    },
    stats: () => ({
      batchCommands: batchCommands.distribution(),
      commitMs: commitMs.distribution(),
      refusedCommands,
    }),
  };
}
