export {
  isLLMError,
  LLMError,
  type LLMErrorCode,
  type LLMErrorDetails,
  type ProviderDetails,
} from "./errors.ts";
export type { InjectedInstruction, InjectedSource } from "./instructions/injected.ts";
export type { SkillReason } from "./instructions/skill-selection.ts";
export { createLLM, type LLM, type ObjectOptions } from "./llm.ts";
export { applyMiddleware, type LLMMiddleware } from "./middleware.ts";
export { createLLMRouter, type LLMRouter, type LLMRouterOptions } from "./router.ts";
export type {
  JsonRequest,
  LLMMessage,
  LLMOptions,
  LLMResult,
  LLMRuntime,
  LLMStream,
  LLMUsage,
} from "./runtime.ts";
export { createStream, streamOf } from "./stream.ts";
export { type InstructionsOptions, withInstructions } from "./with-instructions.ts";
export { type RecorderMode, type RecorderOptions, withRecorder } from "./with-recorder.ts";
