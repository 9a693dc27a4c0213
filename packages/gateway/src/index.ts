export type { LLMCall, LLMCommand, LLMModule, LLMTables } from "@atlas/llm/module";
export {
  createGateway,
  type Gateway,
  type GatewayCheck,
  type GatewayHealth,
  type GatewayOptions,
  type Sinks,
} from "./gateway.ts";
export type { GatewayLLM } from "./gateway-llm.ts";
export type { Jobs } from "./jobs.ts";
