import type { HttpRoute } from "../app/handler.ts";
import { dataRoutes } from "./data.ts";
import { domainEventRoutes } from "./domain-events.ts";
import { healthRoutes } from "./health.ts";
import { jobEvidenceRoutes } from "./job-evidence.ts";
import { jobRoutes } from "./jobs.ts";
import { maintenanceRoutes } from "./maintenance.ts";
import { modelRoutes } from "./models.ts";
import { openApiRoute } from "./openapi.ts";
import { operationRoutes } from "./operations.ts";
import type { RouteHost } from "./route-host.ts";
import { scheduleRoutes } from "./schedules.ts";
import { sinkRoutes } from "./sinks.ts";
import { sourceRoutes } from "./sources.ts";
import { waitRoute } from "./wait-for-job.ts";
import { workflowRoutes } from "./workflows.ts";

/** Every route of Atlas itself, and the document of them and of the `others`. */
export function allRoutes(host: RouteHost, others: readonly HttpRoute[] = []): readonly HttpRoute[] {
  const own = ownRoutes(host);
  return [...own, ...others, openApiRoute([...own, ...others].map(({ contract }) => contract))];
}

/** Every route of Atlas itself but that of the document. */
export function ownRoutes(host: RouteHost): readonly HttpRoute[] {
  return [
    ...healthRoutes,
    ...jobRoutes(host),
    waitRoute(host),
    ...jobEvidenceRoutes,
    ...workflowRoutes,
    ...scheduleRoutes,
    ...sourceRoutes,
    ...sinkRoutes,
    ...dataRoutes,
    ...domainEventRoutes(host),
    ...modelRoutes,
    ...operationRoutes,
    ...maintenanceRoutes(host),
  ];
}
