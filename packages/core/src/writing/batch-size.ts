/** Decides how many commands a batch may have, from how long earlier ones took. */
export interface BatchSize {
  maxCommands(): number;
  /** Takes in how long a batch took. */
  measured(commands: number, tookMs: number): void;
}

// Long enough to share commits, short enough for the event loop; bench/README.md says what other lengths gave.
const TARGET_BATCH_MS = 6;
const MIN_COMMANDS = 50;
const MAX_COMMANDS = 1_000;
// What a new batch adds to the running average.
const WEIGHT = 0.2;

/** Starts with the largest batch and aims at a fixed duration. */
export function createBatchSize(): BatchSize {
  let perCommandMs = TARGET_BATCH_MS / MAX_COMMANDS;
  return {
    maxCommands: () =>
      Math.min(MAX_COMMANDS, Math.max(MIN_COMMANDS, Math.floor(TARGET_BATCH_MS / perCommandMs))),
    measured(commands, tookMs) {
      // The time of a small batch is that of its commit and does not predict a full batch.
      if (commands < MIN_COMMANDS) return;
      perCommandMs = (1 - WEIGHT) * perCommandMs + WEIGHT * (tookMs / commands);
    },
  };
}
