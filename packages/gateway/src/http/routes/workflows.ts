import type { WorkflowInfo } from "../../workflows.ts";
import { type HttpRoute, handleRoute } from "../app/handler.ts";
import { getWorkflow, listWorkflows, pauseWorkflow, resumeWorkflow } from "../contract/workflows.ts";

/** Workflows, over HTTP. */
export const workflowRoutes: readonly HttpRoute[] = [
  handleRoute(listWorkflows, ({ gateway }) => ({ items: gateway.workflows.list().map(toRecord) })),
  handleRoute(getWorkflow, ({ gateway, params }) => toRecord(gateway.workflows.get(params.id))),
  handleRoute(pauseWorkflow, async ({ gateway, params }) => {
    await gateway.pause({ workflow: params.id });
    return undefined;
  }),
  handleRoute(resumeWorkflow, async ({ gateway, params }) => {
    await gateway.resume({ workflow: params.id });
    return undefined;
  }),
];

function toRecord({ id, version, inputSchema, isBatched, hasSchedule, on, pausedAt }: WorkflowInfo) {
  return {
    id,
    version,
    ...(inputSchema === undefined ? {} : { input_schema: inputSchema }),
    is_batched: isBatched,
    has_schedule: hasSchedule,
    ...(on === undefined ? {} : { on }),
    ...(pausedAt === undefined ? {} : { paused_at: pausedAt }),
  };
}
