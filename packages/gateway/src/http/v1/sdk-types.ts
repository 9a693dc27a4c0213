import type { LanguageModelV4 } from "@atlas/llm";

// The AI SDK's own package of types is the business of `@atlas/llm`; its model says everything.

/** What a model is called with. */
export type CallOptions = Parameters<LanguageModelV4["doGenerate"]>[0];
/** A whole answer of a model. */
export type GenerateResult = Awaited<ReturnType<LanguageModelV4["doGenerate"]>>;
/** One part of a streamed answer. */
export type StreamPart =
  Awaited<ReturnType<LanguageModelV4["doStream"]>>["stream"] extends ReadableStream<infer Part>
    ? Part
    : never;

export type PromptMessage = CallOptions["prompt"][number];
export type UserPart = Extract<PromptMessage, { role: "user" }>["content"][number];
export type AssistantPart = Extract<PromptMessage, { role: "assistant" }>["content"][number];
type ToolResultPart = Extract<
  Extract<PromptMessage, { role: "tool" }>["content"][number],
  { type: "tool-result" }
>;
export type ToolOutput = ToolResultPart["output"];
export type FunctionTool = Extract<NonNullable<CallOptions["tools"]>[number], { type: "function" }>;
export type ContentPart = GenerateResult["content"][number];
export type Usage = GenerateResult["usage"];
export type Warning = GenerateResult["warnings"][number];
export type FinishReason = GenerateResult["finishReason"]["unified"];
