import type { Job } from "@atlas/core";

/** The ready jobs of one key, as far as they were read. */
export interface Turn {
  /** Nothing: jobs without a key. */
  readonly key: string | undefined;
  /** In their order, without those that have begun. */
  readonly jobs: readonly Job[];
  /** True when the database may have more of them. */
  readonly hasMore: boolean;
}

/** The keys of one workflow and priority, in the order in which they take turns. */
export interface Turns {
  /** From the key whose turn it was first. */
  readonly turns: readonly Turn[];
  /** True when these are all keys, so that the first follows the last. */
  readonly isWhole: boolean;
  /** Whose turn is next. */
  readonly position: number;
}

/**
 * Decides which job begins next: that of the next key that may begin one. `read`: a key that comes before has jobs that were not read.
 * Nothing: as far as all were read, none may begin.
 */
export function nextInTurn(
  { turns, isWhole, position }: Turns,
  ask: { readonly hasRoom: (key: string | undefined) => boolean; readonly isTaken: (id: string) => boolean },
): { readonly job: Job; readonly turn: number } | "read" | undefined {
  for (let step = 0; step < turns.length; step += 1) {
    const turn = position + step;
    if (turn >= turns.length && !isWhole) return "read";
    const one = turns[turn % turns.length];
    if (one === undefined || !ask.hasRoom(one.key)) continue;
    const job = one.jobs.find(({ id }) => !ask.isTaken(id));
    if (job !== undefined) return { job, turn: turn % turns.length };
    if (one.hasMore) return "read";
  }
  return isWhole ? undefined : "read";
}
