import { type Clock, isoTime, type Job, type ReadOnlyRepo } from "@atlas/core";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { PluginsModule } from "../module/plugins-module.ts";

/**
 * The ready jobs of one workflow, in their order. Lanes are read apart, so jobs of a workflow that may start no more are not in the way
 * of others, however many they are.
 */
export interface ReadyLane {
  readonly workflow: WorkflowPlugin;
  /** The job that is next, as far as it was read. Without one, `isStale` says whether to read. */
  readonly first: Job | undefined;
  /** When the next delayed job is due, as far as known. */
  readonly dueAt: number;
  /** True when `first` may no longer be next, or when there may be one though there was none. */
  isStale(now: number): boolean;
  /** Reads ready jobs, at least `count` of them when there are so many. */
  read(options: { readonly now: number; readonly count: number }): Promise<void>;
  /** Removes the first job, because it begins. */
  take(): void;
  /** Drops what was read, because a job came or was moved. */
  changed(): void;
  /** Says that a job of the lane is due at this time, or is ready if that has passed. */
  due(at: number): void;
  /** Says that the database lists a job (of this key, if it has one) as queued which is taken. The returned function says that it does so no longer. */
  hide(key?: string): () => void;
}

/** Jobs that are read ahead. One query costs about as much as ten jobs that do nothing. */
export const READ_AHEAD = 100;
/** How long an empty lane is taken to be empty, whatever happens. The wall clock may be set. */
export const LANE_POLL_MS = 5_000;

/**
 * The lane of a workflow. It reads some jobs ahead while nothing else happens in it. A claim fails when the job was moved meanwhile, so
 * at worst a job that was read ahead is no longer available.
 */
export function createReadyLane(options: {
  readonly workflow: WorkflowPlugin;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly clock: Clock;
  readonly isTaken: (id: string) => boolean;
}): ReadyLane {
  const { workflow, repo, clock, isTaken } = options;
  const { id } = workflow;
  let ahead: readonly Job[] = [];
  let at = 0;
  let hidden = 0;
  let dueAt = 0;
  // True when everything that is ready was read. It is taken for true until `emptyUntil`, on the monotonic clock.
  let isEmpty = false;
  let emptyUntil = 0;
  // While jobs keep coming, reading ahead would be wasted.
  let isQuiet = false;
  let changes = 0;

  const lane: ReadyLane = {
    workflow,
    get first() {
      for (; at < ahead.length; at += 1) {
        const job = ahead[at];
        if (job !== undefined && !isTaken(job.id)) return job;
      }
      return undefined;
    },
    get dueAt() {
      return dueAt;
    },
    isStale(now) {
      // A delayed job may come before those that were read.
      if (now >= dueAt) return true;
      if (lane.first !== undefined) return false;
      return !isEmpty || clock.monotonic() >= emptyUntil;
    },
    async read({ now, count }) {
      const nowText = isoTime(now);
      let limit = count + hidden + (isQuiet ? READ_AHEAD : 0);
      isQuiet = true;
      for (let seen = -1; seen !== changes; ) {
        seen = changes;
        if (now >= dueAt) dueAt = timeOf(await repo.plugins.nextJobAt(id, nowText));
        ahead = await repo.listReadyJobs({ workflow_ids: [id], now: nowText, limit });
        at = 0;
        isEmpty = ahead.length < limit;
        emptyUntil = clock.monotonic() + LANE_POLL_MS;
        // Somebody else queued jobs that still run here.
        if (!isEmpty && lane.first === undefined) {
          limit *= 2;
          seen = -1;
        }
      }
    },
    take() {
      at += 1;
    },
    changed() {
      changes += 1;
      isQuiet = false;
      isEmpty = false;
      ahead = [];
      at = 0;
    },
    due(time) {
      dueAt = Math.min(dueAt, time);
    },
    hide() {
      hidden += 1;
      let isHidden = true;
      return () => {
        if (!isHidden) return;
        isHidden = false;
        hidden -= 1;
      };
    },
  };
  return lane;
}

function timeOf(text: string | undefined): number {
  return text === undefined ? Number.POSITIVE_INFINITY : Date.parse(text);
}
