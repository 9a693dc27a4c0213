export type { LLMMessage, LLMOptions, LLMResult, LLMRuntime, LLMUsage } from "./runtime.ts";
