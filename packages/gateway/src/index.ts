export {
  createGateway,
  type Gateway,
  type GatewayCheck,
  type GatewayHealth,
  type GatewayOptions,
  type Sinks,
} from "./gateway.ts";
export type { Jobs } from "./jobs.ts";
