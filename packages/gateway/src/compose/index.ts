/**
 * The parts that `createGateway` is made of, for compositions of your own around a store and the runners of `@atlas/plugins/runtime`.
 * The store needs `pluginsModule` of `@atlas/plugins` and `llmModule` of `@atlas/llm/module`.
 * They change more often than the gateway's own options.
 *
 * @module
 */
export { createAttemptLLM } from "../attempts/attempt-llm.ts";
export { createGatewayLLM, type GatewayLLM } from "../gateway-llm.ts";
export { createJobs, type Jobs } from "../jobs/jobs.ts";
export { readRouting } from "../routing-file.ts";
