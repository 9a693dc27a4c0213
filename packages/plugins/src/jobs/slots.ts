import type { WorkflowPlugin } from "../contract/workflow.ts";

/** Counts the attempts that run, in all and of each workflow, against their limits. */
export interface Slots {
  /** Attempts that hold a slot. */
  readonly used: number;
  readonly free: number;
  /** True when the workflow may run one more attempt: it is below its limit, and not paused. */
  isOpen(workflow: WorkflowPlugin): boolean;
  /** Takes a slot. The returned function gives it back; a second call does nothing. */
  take(workflow: WorkflowPlugin): () => void;
}

/** The slots of one runner. `onFree` is called after each slot that is given back. */
export function createSlots(options: {
  readonly concurrency: number;
  readonly onFree: () => void;
  readonly isPaused: (workflowId: string) => boolean;
}): Slots {
  const { concurrency, onFree, isPaused } = options;
  const usedOf = new Map<string, number>();
  let used = 0;

  return {
    get used() {
      return used;
    },
    get free() {
      return concurrency - used;
    },
    isOpen: ({ id, concurrency: most = Number.POSITIVE_INFINITY }) =>
      (usedOf.get(id) ?? 0) < most && !isPaused(id),
    take({ id }) {
      used += 1;
      usedOf.set(id, (usedOf.get(id) ?? 0) + 1);
      let isFree = false;
      return () => {
        if (isFree) return;
        isFree = true;
        used -= 1;
        usedOf.set(id, (usedOf.get(id) ?? 1) - 1);
        onFree();
      };
    },
  };
}
