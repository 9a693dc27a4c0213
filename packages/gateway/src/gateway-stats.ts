import { type Clock, type FileStoreStats, isoTime, type ReadOnlyRepo } from "@atlas/core";
import type { Durations, PluginsModule } from "@atlas/plugins";
import type { JobRunner, PluginRegistry, SourceRunner } from "@atlas/plugins/runtime";

/** Figures of a gateway, for metrics. Totals and durations count from when it was created. */
export interface GatewayStats {
  /** One entry for each workflow that is registered or has queued jobs. */
  readonly workflows: readonly WorkflowStats[];
  readonly sources: readonly SourceStats[];
  /** One entry for each sink, and one for each workflow with `on` (`$on:<workflow id>`). */
  readonly sinks: readonly SinkStats[];
  readonly store: FileStoreStats;
}

/** Figures of a workflow. */
export interface WorkflowStats {
  readonly workflow_id: string;
  readonly isPaused: boolean;
  /** Jobs that are due and wait for a slot, a limit or a resume. */
  readonly readyJobs: number;
  /** Queued jobs with a later `run_at`: delayed, before their next attempt, or waiting for something. */
  readonly delayedJobs: number;
  /** How long the oldest ready job has been due; 0 without one. */
  readonly oldestReadyMs: number;
  readonly runningAttempts: number;
  readonly succeededAttemptsTotal: number;
  readonly failedAttemptsTotal: number;
  /** Jobs that failed for good. */
  readonly failedJobsTotal: number;
  /** Attempts that ended in a wait. */
  readonly parkedAttemptsTotal: number;
  /** Attempts that a stop of the gateway or a cancel ended. */
  readonly interruptedAttemptsTotal: number;
  readonly succeededAttemptsPerMinute: number;
  readonly failedAttemptsPerMinute: number;
  /** From the `run_at` of a job to its first attempt. */
  readonly wait: Durations;
  /** From the claim of an attempt to its end. */
  readonly run: Durations;
}

/** Figures of a source. */
export interface SourceStats {
  readonly source_id: string;
  readonly isPaused: boolean;
  readonly isSyncing: boolean;
  readonly failuresInARow: number;
  /** How long ago the last sync succeeded; absent before the first in this process. */
  readonly sinceLastSyncMs?: number;
}

/** Figures of a sink. */
export interface SinkStats {
  readonly sink_id: string;
  readonly isPaused: boolean;
  /** Events that the sink has not passed. It may not want all of them. */
  readonly lagEvents: number;
  /** Age of the oldest event that the sink has not passed; 0 without one. */
  readonly lagMs: number;
  readonly retryingEvents: number;
  /** Dead letters. */
  readonly deadEvents: number;
  readonly failuresInARow: number;
}

/** Collects the figures of one gateway. */
export function createGatewayStats(options: {
  readonly clock: Clock;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly registry: PluginRegistry;
  readonly runner: Pick<JobRunner, "figures">;
  readonly sources: Pick<SourceRunner, "health">;
  readonly sinkStats: () => Promise<readonly SinkStats[]>;
  readonly isPaused: (workflowId: string) => boolean;
  readonly store: () => FileStoreStats;
}): () => Promise<GatewayStats> {
  const { clock, repo, registry, runner, sources, sinkStats, isPaused, store } = options;
  const since = (at: string): number => Math.max(0, clock.now() - Date.parse(at));

  return async () => ({
    workflows: await workflowStats(),
    sources: sources.health().map(({ id, pausedAt, syncing, failures, lastSyncedAt }) => ({
      source_id: id,
      isPaused: pausedAt !== undefined,
      isSyncing: syncing,
      failuresInARow: failures,
      ...(lastSyncedAt === undefined ? {} : { sinceLastSyncMs: since(lastSyncedAt) }),
    })),
    sinks: await sinkStats(),
    store: store(),
  });

  async function workflowStats(): Promise<readonly WorkflowStats[]> {
    const depths = new Map(
      (await repo.plugins.listQueueDepths(isoTime(clock.now()))).map((depth) => [depth.workflow_id, depth]),
    );
    return [...new Set([...registry.workflows.keys(), ...depths.keys()])].map((workflow_id) => {
      const { ready = 0, delayed = 0, oldest_ready_at } = depths.get(workflow_id) ?? {};
      const figures = runner.figures(workflow_id);
      return {
        workflow_id,
        isPaused: isPaused(workflow_id),
        readyJobs: ready,
        delayedJobs: delayed,
        oldestReadyMs: oldest_ready_at === undefined ? 0 : since(oldest_ready_at),
        runningAttempts: figures.running,
        succeededAttemptsTotal: figures.succeeded,
        failedAttemptsTotal: figures.failed,
        failedJobsTotal: figures.failedJobs,
        parkedAttemptsTotal: figures.parked,
        interruptedAttemptsTotal: figures.interrupted,
        succeededAttemptsPerMinute: figures.succeededPerMinute,
        failedAttemptsPerMinute: figures.failedPerMinute,
        wait: figures.wait,
        run: figures.run,
      };
    });
  }
}
