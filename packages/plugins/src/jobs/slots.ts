import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { Permit } from "./next-lane.ts";

/** Counts the attempts that run, in all and of each workflow, against their limits. */
export interface Slots {
  /** Attempts that hold a slot. */
  readonly used: number;
  /** How many there are. */
  readonly concurrency: number;
  readonly free: number;
  /** How many more attempts of the workflow may run beside those that run now. */
  room(workflow: WorkflowPlugin): number;
  /** The same, but for the limit on all workflows. */
  ownRoom(workflow: WorkflowPlugin): number;
  /** Whether the key of a workflow with `perKey` may run one more attempt. Jobs without a key may. */
  permitKey(workflow: WorkflowPlugin, key: string | undefined): Permit;
  /** Takes a slot, for a job of this key if it has one. The returned function gives it back; a second call does nothing. */
  take(workflow: WorkflowPlugin, key?: string): () => void;
}

/** The slots of one runner. `onFree` is called after each slot that is given back. */
export function createSlots(options: { readonly concurrency: number; readonly onFree: () => void }): Slots {
  const { concurrency, onFree } = options;
  const usedOf = new Map<string, number>();
  /** By workflow, those keys that have a slot. */
  const usedOfKey = new Map<string, Map<string, number>>();
  let used = 0;

  const slots: Slots = {
    concurrency,
    get used() {
      return used;
    },
    get free() {
      return concurrency - used;
    },
    room: (workflow) => Math.max(0, Math.min(slots.free, slots.ownRoom(workflow))),
    ownRoom: ({ id, concurrency: most = Number.POSITIVE_INFINITY }) => most - (usedOf.get(id) ?? 0),
    permitKey({ id, perKey }, key) {
      const used = key === undefined ? 0 : (usedOfKey.get(id)?.get(key) ?? 0);
      return used < (perKey?.concurrency ?? Number.POSITIVE_INFINITY) ? "now" : "later";
    },
    take({ id, perKey }, key) {
      const freeKey = perKey === undefined || key === undefined ? undefined : takeKey(id, key);
      used += 1;
      usedOf.set(id, (usedOf.get(id) ?? 0) + 1);
      let isFree = false;
      return () => {
        if (isFree) return;
        isFree = true;
        used -= 1;
        usedOf.set(id, (usedOf.get(id) ?? 1) - 1);
        freeKey?.();
        onFree();
      };
    },
  };
  return slots;

  function takeKey(id: string, key: string): () => void {
    const ofKey = usedOfKey.get(id) ?? new Map<string, number>();
    usedOfKey.set(id, ofKey);
    ofKey.set(key, (ofKey.get(key) ?? 0) + 1);
    return () => {
      const left = (ofKey.get(key) ?? 1) - 1;
      if (left > 0) ofKey.set(key, left);
      else ofKey.delete(key);
    };
  }
}
