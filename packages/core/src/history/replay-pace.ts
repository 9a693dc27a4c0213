/** Decides how many commands a replay sends at once, so that a batch of expensive ones does not hold the event loop. */
export interface ReplayPace {
  /** How many of these commands, from the first on, are the next part: at least one. */
  next(commands: readonly { readonly type: string }[]): number;
  /** Takes in how long the writer worked on a part. */
  measured(part: readonly { readonly type: string }[], workedMs: number): void;
}

// A little more than one batch of the flush loop.
const TARGET_MS = 10;
const LEAST_MS = 0.001;

/**
 * Expects of a command what commands of its type took before. One of a new type is a part of its own: a prune, of which a live store
 * gets one at a time, takes a thousand times as long as an upsert.
 */
export function createReplayPace(): ReplayPace {
  const expectedMs = new Map<string, number>();
  const expected = (type: string): number => expectedMs.get(type) ?? TARGET_MS;
  return {
    next(commands) {
      let total = 0;
      let count = 0;
      for (const { type } of commands) {
        total += expected(type);
        if (count > 0 && total > TARGET_MS) break;
        count += 1;
      }
      return count;
    },
    measured(part, workedMs) {
      const factor = workedMs / part.reduce((sum, { type }) => sum + expected(type), 0);
      for (const type of new Set(part.map((command) => command.type))) {
        expectedMs.set(type, Math.max(LEAST_MS, expected(type) * factor));
      }
    },
  };
}
