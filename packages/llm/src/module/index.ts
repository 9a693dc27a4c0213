export { answerOf } from "../ai-sdk/model-evidence.ts";
export { relayed } from "../ai-sdk/relay.ts";
export { saysStandIn } from "../ai-sdk/stand-in-warning.ts";
export { isWrongCall } from "../calling/wrong-call.ts";
export type { LLMCall } from "./call.ts";
export { type LLMCommand, type LLMModule, llmModule } from "./llm-module.ts";
export type { LLMTables } from "./tables.ts";
