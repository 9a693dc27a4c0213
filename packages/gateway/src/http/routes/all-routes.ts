import type { GatewayRoute } from "../../extensions/route.ts";
import { extensionRoutes } from "../app/extension-routes.ts";
import type { HttpRoute } from "../app/handler.ts";
import { consoleRoutes } from "../console/console-routes.ts";
import { v1Routes } from "../v1/v1-routes.ts";
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
import { tokenRoutes } from "./tokens.ts";
import { waitRoute } from "./wait-for-job.ts";
import { webhookRoutes } from "./webhooks.ts";
import { workflowRoutes } from "./workflows.ts";

/** Every route of Atlas itself, those of its extensions, the document of all of them, and the console, which is no part of the document. */
export function allRoutes(ofExtensions: readonly GatewayRoute[], host: RouteHost): readonly HttpRoute[] {
  const own = ownRoutes(host);
  const routes = [...own, ...extensionRoutes(ofExtensions, [...own, ...consoleRoutes])];
  return [...routes, openApiRoute(routes.map(({ contract }) => contract)), ...consoleRoutes];
}

function ownRoutes(host: RouteHost): readonly HttpRoute[] {
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
    ...operationRoutes(host),
    ...maintenanceRoutes,
    ...tokenRoutes,
    ...webhookRoutes,
    ...v1Routes,
  ];
}
