import type { GatewayStats, WorkflowStats } from "../gateway-stats.ts";

/**
 * Returns a function that adds to stats the workflows that earlier stats had and these have not: those without a plugin whose last queued
 * job is gone. OpenTelemetry's SDK repeats the last value of a series that is not observed again, so their queues would never be empty.
 */
export function createGoneWorkflows(): (stats: GatewayStats) => GatewayStats {
  const seen = new Map<string, WorkflowStats>();

  return (stats) => {
    const present = new Set(stats.workflows.map(({ workflow_id }) => workflow_id));
    const gone = [...seen.values()].filter(({ workflow_id }) => !present.has(workflow_id));
    for (const workflow of stats.workflows) seen.set(workflow.workflow_id, workflow);
    const empty = { readyJobs: 0, delayedJobs: 0, oldestReadyMs: 0 };
    return {
      ...stats,
      workflows: [...stats.workflows, ...gone.map((workflow) => ({ ...workflow, ...empty }))],
    };
  };
}
