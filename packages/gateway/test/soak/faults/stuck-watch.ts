/** One look at a gateway. */
interface Sample {
  /** Milliseconds on the monotonic clock. */
  readonly at: number;
  /** False while the storage is in trouble, and after the wall clock jumped: then nothing is known. */
  readonly isCalm: boolean;
  /** Jobs that are `running` in the store, although no workflow is at work on them. */
  readonly abandoned: readonly string[];
  /** Jobs that are queued and due while a slot is free. */
  readonly due: readonly string[];
  /** How many runs have begun so far. */
  readonly begun: number;
}

/** Finds jobs that stay where they should not. */
export interface StuckWatch {
  /** Takes a sample; returns what is wrong for longer than `patienceMs` in a row. */
  look(sample: Sample): readonly string[];
}

/** A watch that has seen nothing yet. */
export function createStuckWatch({ patienceMs }: { readonly patienceMs: number }): StuckWatch {
  const abandonedSince = new Map<string, number>();
  let idle: { readonly since: number; readonly begun: number } | undefined;

  return {
    look({ at, isCalm, abandoned, due, begun }) {
      if (!isCalm) {
        abandonedSince.clear();
        idle = undefined;
        return [];
      }
      for (const id of abandonedSince.keys()) if (!abandoned.includes(id)) abandonedSince.delete(id);
      for (const id of abandoned) if (!abandonedSince.has(id)) abandonedSince.set(id, at);
      if (due.length === 0 || idle?.begun !== begun)
        idle = due.length === 0 ? undefined : { since: at, begun };
      const found: string[] = [];
      for (const [id, since] of abandonedSince)
        if (at - since > patienceMs) found.push(`The job "${id}" is running, and nobody runs it.`);
      if (idle !== undefined && at - idle.since > patienceMs)
        found.push(`${due.length} jobs are due and a slot is free, and none begins: ${due[0]}.`);
      return found;
    },
  };
}
