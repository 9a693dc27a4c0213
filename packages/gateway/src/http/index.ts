export { createHttp, type GatewayHttp } from "./app/create-http.ts";
export type { HttpOptions } from "./app/http-options.ts";
export type { RouteGroup } from "./contract/route.ts";
export { type GatewayServer, serve } from "./serve/serve.ts";
export type { ServeOptions } from "./serve/serve-options.ts";
