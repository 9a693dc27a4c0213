export type { RouteGroup } from "./contract/route.ts";
