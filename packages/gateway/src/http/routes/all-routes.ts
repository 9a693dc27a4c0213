import type { HttpRoute } from "../app/handler.ts";
import { healthRoutes } from "./health.ts";
import { jobRoutes } from "./jobs.ts";

/** Every route of Atlas itself. Those of extensions are added from `gateway.routes`. */
export const allRoutes: readonly HttpRoute[] = [...healthRoutes, ...jobRoutes];
