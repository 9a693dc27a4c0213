import {
  type Clock,
  type Command,
  type CommandSink,
  isCoreError,
  isoTime,
  type Job,
  type ReadOnlyRepo,
} from "@atlas/core";
import type { PluginRegistry } from "../contract/registry.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import { createReadyJobs } from "./ready-jobs.ts";
import type { Slots } from "./slots.ts";

/** Finds ready jobs and claims them. */
export interface Claims {
  /** Begins an attempt at ready jobs until every slot is taken. Returns the pause until the next round. */
  round(): Promise<number | undefined>;
  /** Moves the job to `running`. False when the job was cancelled, or moved otherwise, since it was read. */
  claim(job: Job): Promise<boolean>;
  /** Says that the queue has changed: jobs that were read ahead no longer count. */
  changed(): void;
  /** Says that a job in the queue is due at this time. */
  due(run_at: string): void;
}

const POLL_MS = 5_000;

/** The claims of one runner. */
export function createClaims(options: {
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly clock: Clock;
  readonly registry: PluginRegistry;
  readonly slots: Slots;
  readonly isBusy: (jobId: string) => boolean;
  /** Runs the job, whose `attempt` is that of the claim to come. It takes its slot before it returns. */
  readonly begin: (job: Job, workflow: WorkflowPlugin) => void;
}): Claims {
  const { repo, commands, clock, registry, slots, isBusy, begin } = options;
  const readyJobs = createReadyJobs({ repo, isTaken: isBusy });
  /** Claims on their way: readers still see these jobs as queued. */
  let claiming = 0;
  /** When the next delayed job is due, as far as known. */
  let nextDueAt = 0;

  return {
    async round() {
      const now = clock.now();
      while (slots.free > 0) {
        const limit = slots.free;
        const ready = await readyJobs.take({ workflow_ids: openWorkflows(), limit, taken: claiming, now });
        const isSkipped = beginAll(ready);
        // Skipped jobs come first once their workflow takes jobs again.
        if (isSkipped) readyJobs.changed();
        // Every ready job was seen, or none of these was in the way of another.
        if (ready.length < limit || !isSkipped) break;
      }
      if (slots.free <= 0) return undefined;
      if (nextDueAt <= now) {
        const next = await repo.plugins.nextJobAt(isoTime(now));
        nextDueAt = next === undefined ? Number.POSITIVE_INFINITY : Date.parse(next);
      }
      // The poll also helps when the wall clock is set.
      return Math.min(POLL_MS, Math.max(1, nextDueAt - now));
    },
    async claim({ id, attempt }) {
      claiming += 1;
      try {
        await commands.enqueue(
          { type: "job.updateStatus", id, status: "running", attempt },
          { actor: "runner" },
        );
        return true;
      } catch (error) {
        if (isCoreError(error, "ATLAS_CORE_JOB_CONFLICT")) return false;
        throw error;
      } finally {
        claiming -= 1;
      }
    },
    changed: readyJobs.changed,
    due(run_at) {
      nextDueAt = Math.min(nextDueAt, Date.parse(run_at));
    },
  };

  function openWorkflows(): readonly string[] {
    return [...registry.workflows.values()].filter(slots.isOpen).map(({ id }) => id);
  }

  /** Begins what fits. True when a job was skipped because its workflow had become full. */
  function beginAll(ready: readonly Job[]): boolean {
    let isSkipped = false;
    for (const job of ready) {
      if (slots.free <= 0) return false;
      if (isBusy(job.id)) continue;
      const workflow = registry.workflow(job.workflow_id);
      if (slots.isOpen(workflow)) begin({ ...job, attempt: job.attempt + 1 }, workflow);
      else isSkipped = true;
    }
    return isSkipped;
  }
}
