export type { RouteGroup } from "../http/contract/route.ts";
