import type { ReadOnlyRepo } from "@atlas/core";
import type { PluginsModule } from "../module/plugins-module.ts";

/**
 * The jobs that ran when the process last ended without a stop. One of them may have ended it, and nobody knows which. They run again one
 * at a time, beside jobs that are not among them: so only the culprit is there at each crash, and its neighbours are not condemned with it.
 */
export interface Quarantine {
  /** Reads which jobs these are. */
  load(): Promise<void>;
  /** Adds a job of which nobody knows whether it ran. */
  add(jobId: string): void;
  /** True when none of these jobs is left. */
  readonly isEmpty: boolean;
  /** True when the job has to wait until another one has run. */
  isHeld(jobId: string): boolean;
  /** Says that a run begins. */
  begun(jobId: string): void;
  /** Says that a run has ended, which clears the job. True when others may have waited for it. */
  ended(jobId: string): boolean;
}

/** An empty quarantine. */
export function createQuarantine(repo: ReadOnlyRepo<PluginsModule>): Quarantine {
  const suspects = new Set<string>();
  let running: string | undefined;

  return {
    async load() {
      for (const { id } of await repo.plugins.listCrashedJobs()) suspects.add(id);
    },
    add(jobId) {
      suspects.add(jobId);
    },
    get isEmpty() {
      return suspects.size === 0;
    },
    isHeld: (jobId) => running !== undefined && running !== jobId && suspects.has(jobId),
    begun(jobId) {
      if (suspects.has(jobId)) running = jobId;
    },
    ended(jobId) {
      if (running !== jobId) return false;
      running = undefined;
      suspects.delete(jobId);
      return suspects.size > 0;
    },
  };
}
