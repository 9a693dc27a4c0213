import type { HttpRoute } from "../app/handler.ts";
import { v1Routes } from "../v1/v1-routes.ts";
import { healthRoutes } from "./health.ts";
import { jobRoutes } from "./jobs.ts";
import { tokenRoutes } from "./tokens.ts";
import { webhookRoutes } from "./webhooks.ts";

/** Every route of Atlas itself. Those of extensions are added from `gateway.routes`. */
export const allRoutes: readonly HttpRoute[] = [
  ...healthRoutes,
  ...jobRoutes,
  ...tokenRoutes,
  ...webhookRoutes,
  ...v1Routes,
];
