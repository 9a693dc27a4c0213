import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { Permit } from "./next-lane.ts";

/** Counts the attempts that run, in all and of each workflow, against their limits. */
export interface Slots {
  /** Attempts that hold a slot. */
  readonly used: number;
  readonly free: number;
  /** How many more attempts of the workflow may run beside those that run now. */
  room(workflow: WorkflowPlugin): number;
  /** Whether the workflow may run one more attempt. */
  permit(workflow: WorkflowPlugin): Permit;
  /** Takes a slot. The returned function gives it back; a second call does nothing. */
  take(workflow: WorkflowPlugin): () => void;
}

/** The slots of one runner. `onFree` is called after each slot that is given back. */
export function createSlots(options: { readonly concurrency: number; readonly onFree: () => void }): Slots {
  const { concurrency, onFree } = options;
  const usedOf = new Map<string, number>();
  let used = 0;

  const slots: Slots = {
    get used() {
      return used;
    },
    get free() {
      return concurrency - used;
    },
    room: ({ id, concurrency: most = Number.POSITIVE_INFINITY }) =>
      Math.max(0, Math.min(slots.free, most - (usedOf.get(id) ?? 0))),
    permit: (workflow) => (slots.room(workflow) > 0 ? "now" : "later"),
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
  return slots;
}
