export { createGateway, type Gateway, type GatewayOptions } from "./gateway.ts";
export type { Jobs } from "./jobs.ts";
