import type { Clock, Job } from "@atlas/core";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import { isBefore } from "./next-lane.ts";
import type { Slots } from "./slots.ts";

/** The jobs that were claimed before they had a slot, until they have one. They count against no limit. */
export interface ClaimsAhead {
  readonly count: number;
  /** All of them, also those whose claim is on its way. */
  jobs(): readonly Job[];
  has(jobId: string): boolean;
  /** Says that the job is about to be claimed. */
  add(job: Job): void;
  /** Says that it could not be claimed. */
  remove(jobId: string): void;
  /** Says that the job is claimed. Resolves with its slot, which it then has; without one when the job is to be given back. */
  turn(job: Job, workflow: WorkflowPlugin): Promise<(() => void) | undefined>;
  /** Hands free slots to those that wait and whose workflow may run one more: the highest priority first, then the longest waiting. */
  proceed(): void;
  /** Gives back all that wait, now and later. */
  stop(): void;
}

/** How long a job waits for its slot at most. Those that run are slower than they were, and no job is to look as if it ran meanwhile. */
const LONGEST_WAIT_MS = 1_000;

interface Waiting {
  readonly job: Job;
  readonly workflow: WorkflowPlugin;
  readonly slot: PromiseWithResolvers<(() => void) | undefined>;
}

/** No claims. */
export function createClaimsAhead(slots: Pick<Slots, "free" | "room" | "take">, clock: Clock): ClaimsAhead {
  const claimed = new Map<string, Job>();
  const line: Waiting[] = [];
  let isStopped = false;
  let cancelGiveBack: (() => void) | undefined;

  const ahead: ClaimsAhead = {
    get count() {
      return claimed.size;
    },
    jobs: () => [...claimed.values()],
    has: (jobId) => claimed.has(jobId),
    add(job) {
      claimed.set(job.id, job);
    },
    remove(jobId) {
      claimed.delete(jobId);
    },
    turn(job, workflow) {
      const slot = Promise.withResolvers<(() => void) | undefined>();
      // They come in their order, but for a job of a higher priority that came later.
      let at = line.length;
      for (; at > 0; at -= 1) {
        const before = line[at - 1];
        if (before === undefined || !isBefore(job, before.job)) break;
      }
      line.splice(at, 0, { job, workflow, slot });
      if (isStopped) giveBack();
      else ahead.proceed();
      if (line.length > 0) cancelGiveBack ??= clock.after(LONGEST_WAIT_MS, giveBack);
      return slot.promise;
    },
    proceed() {
      while (slots.free > 0) {
        const at = line.findIndex(({ workflow }) => slots.room(workflow) > 0);
        const [next] = at < 0 ? [] : line.splice(at, 1);
        if (next === undefined) return;
        if (line.length === 0) endWait();
        claimed.delete(next.job.id);
        next.slot.resolve(slots.take(next.workflow, next.job.group_key));
      }
    },
    stop() {
      isStopped = true;
      giveBack();
    },
  };
  return ahead;

  function giveBack(): void {
    endWait();
    for (const { job, slot } of line.splice(0)) {
      claimed.delete(job.id);
      slot.resolve(undefined);
    }
  }

  function endWait(): void {
    cancelGiveBack?.();
    cancelGiveBack = undefined;
  }
}
