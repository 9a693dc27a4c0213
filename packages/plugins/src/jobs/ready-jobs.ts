import { isoTime, type Job, type ReadOnlyRepo } from "@atlas/core";
import type { PluginsModule } from "../module/plugins-module.ts";

/** Ready jobs, in their order. */
export interface ReadyJobs {
  /**
   * Takes up to `limit` ready jobs of these workflows, and none that `isTaken`. `taken` says how many taken jobs the database may still
   * list as queued. Fewer than `limit` jobs mean that there are no more.
   */
  take(options: {
    readonly workflow_ids: readonly string[];
    readonly limit: number;
    readonly taken: number;
    readonly now: number;
  }): Promise<readonly Job[]>;
  /** Drops what was read ahead, because a job came or one that is not taken was moved. */
  changed(): void;
}

// One query costs about as much as ten jobs that do nothing.
const READ_AHEAD = 100;

/**
 * Reads some jobs ahead while nothing else happens in the queue. A claim fails when the job was moved meanwhile, so at worst a job that
 * was read ahead is no longer available.
 */
export function createReadyJobs(options: {
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly isTaken: (id: string) => boolean;
}): ReadyJobs {
  const { repo, isTaken } = options;
  let ahead: readonly Job[] = [];
  let of: readonly string[] = [];
  // From this time on, a delayed job may come before them.
  let validUntil = 0;
  // While jobs keep coming, reading ahead would be wasted.
  let isQuiet = false;

  return {
    async take({ workflow_ids, limit, taken, now }) {
      if (ahead.length < limit || now >= validUntil || !isSame(of, workflow_ids)) {
        const at = isoTime(now);
        const more = isQuiet ? READ_AHEAD : 0;
        isQuiet = true;
        of = workflow_ids;
        if (more > 0) validUntil = timeOf(await repo.plugins.nextJobAt(at));
        const ready = await repo.listReadyJobs({ workflow_ids, now: at, limit: limit + taken + more });
        ahead = ready.filter(({ id }) => !isTaken(id));
      }
      const jobs = ahead.slice(0, limit);
      ahead = isQuiet ? ahead.slice(limit) : [];
      return jobs;
    },
    changed() {
      isQuiet = false;
      ahead = [];
    },
  };
}

function timeOf(text: string | undefined): number {
  return text === undefined ? Number.POSITIVE_INFINITY : Date.parse(text);
}

function isSame(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((value, index) => value === right[index]);
}
