export type { LanguageModelV4 } from "@ai-sdk/provider";
export type { CacheEntry, CacheStore } from "./cache/cache-store.ts";
export { createMemoryCache, type MemoryCache, type MemoryCacheOptions } from "./cache/memory-cache.ts";
export { type CacheOptions, withCache } from "./cache/with-cache.ts";
export type { ObjectOptions } from "./calling/generate-object.ts";
export { createLLM, type LLM } from "./calling/llm.ts";
export { createStream, streamOf } from "./calling/stream.ts";
export {
  isLLMError,
  LLMError,
  type LLMErrorCode,
  type LLMErrorDetails,
  type ProviderDetails,
} from "./contract/errors.ts";
export type { InjectedInstruction, InjectedSource, SkillReason } from "./contract/injected.ts";
export { applyMiddleware, joinAround, type LLMMiddleware } from "./contract/middleware.ts";
export type {
  JsonRequest,
  LLMMessage,
  LLMOptions,
  LLMResult,
  LLMRuntime,
  LLMStream,
  LLMUsage,
  ModelOptions,
} from "./contract/runtime.ts";
export { type InstructionsOptions, withInstructions } from "./instructions/with-instructions.ts";
export type { CandidateModels } from "./models/own-models.ts";
export type { RoutedModels } from "./models/routed-models.ts";
export { type RecorderMode, type RecorderOptions, withRecorder } from "./recorder/with-recorder.ts";
export { createLLMRouter, type LLMRouter, type LLMRouterOptions } from "./router/llm-router.ts";
