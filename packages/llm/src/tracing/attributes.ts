import type { LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { Attributes } from "@opentelemetry/api";
import type { LLMMessage, LLMOptions, LLMResult } from "../contract/runtime.ts";

// The names of OpenTelemetry's conventions for generative AI, as of November 2026 (status: development). They are written
// out because the package that exports them as constants is a large one, and marks them as unstable as well.
// https://github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai/gen-ai-spans.md

/** The name of the provider until one has answered. */
const CLIENT = "atlas";

/** What a span says about a call. */
export type RequestFacts = Pick<
  LLMOptions,
  "profile" | "model" | "temperature" | "maxTokens" | "json" | "context"
>;

/** The attributes that are known before a call. */
export function requestAttributes(
  options: RequestFacts,
  { isStream }: { readonly isStream: boolean },
): Attributes {
  const { profile, model, temperature, maxTokens, json, context } = options;
  return withoutUndefined({
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": CLIENT,
    "gen_ai.request.model": model,
    "gen_ai.request.max_tokens": maxTokens,
    "gen_ai.request.temperature": temperature,
    "gen_ai.request.stream": isStream || undefined,
    "gen_ai.output.type": json === undefined ? undefined : "json",
    "atlas.llm.profile": profile,
    "atlas.actor": context?.actor,
    "atlas.correlation_id": context?.correlation_id,
    "atlas.tenant": context?.tenant,
    "atlas.job_id": context?.job_id,
    "atlas.workflow_id": context?.workflow_id,
    "atlas.attempt": context?.attempt,
  });
}

/** The attributes that are known after an answer. */
export function resultAttributes({
  provider,
  model,
  usage,
  route,
  degraded,
  replayed,
  cached,
}: Omit<LLMResult, "text">): Attributes {
  return withoutUndefined({
    "gen_ai.provider.name": providerName(provider),
    "gen_ai.response.model": model,
    "gen_ai.usage.input_tokens": usage?.inputTokens,
    "gen_ai.usage.output_tokens": usage?.outputTokens,
    "gen_ai.usage.cache_read.input_tokens": usage?.cachedInputTokens,
    "gen_ai.usage.reasoning.output_tokens": usage?.reasoningTokens,
    "atlas.llm.profile": route?.profile,
    "atlas.llm.attempts": route?.attempts.length,
    "atlas.llm.degraded": degraded,
    "atlas.llm.replayed": replayed,
    "atlas.llm.cached": cached,
  });
}

/** The content of a call, in the shapes of the conventions' JSON schemas. */
export function requestContent({ system, prompt, messages }: LLMOptions): Attributes {
  const asked: readonly LLMMessage[] = messages ?? [{ role: "user", content: prompt ?? "" }];
  return withoutUndefined({
    "gen_ai.system_instructions": system === undefined ? undefined : JSON.stringify([textPart(system)]),
    "gen_ai.input.messages": JSON.stringify(
      asked.map(({ role, content }) => ({ role, parts: [textPart(content)] })),
    ),
  });
}

/** The content of a call of the AI SDK. A part that is no text is named by its type, because a file has no place in a span. */
export function promptContent(prompt: LanguageModelV4Prompt): Attributes {
  const system = prompt.flatMap((message) => (message.role === "system" ? [textPart(message.content)] : []));
  const messages = prompt.flatMap((message) =>
    message.role === "system" ? [] : [{ role: message.role, parts: message.content.map(promptPart) }],
  );
  return withoutUndefined({
    "gen_ai.system_instructions": system.length === 0 ? undefined : JSON.stringify(system),
    "gen_ai.input.messages": JSON.stringify(messages),
  });
}

function promptPart(part: { readonly type: string; readonly text?: string }): object {
  return part.text === undefined ? { type: part.type } : { type: part.type, content: part.text };
}

/** The content of an answer, in the shape of the conventions' JSON schema. */
export function resultContent({ text }: Pick<LLMResult, "text">): Attributes {
  const message = { role: "assistant", parts: [textPart(text)], finish_reason: "stop" };
  return { "gen_ai.output.messages": JSON.stringify([message]) };
}

// By the beginning of a provider name, here and in the AI SDK. The first match counts.
const KNOWN_PROVIDERS: readonly (readonly [start: RegExp, name: string])[] = [
  [/^openai(?!-compatible)/, "openai"],
  [/^azure/, "azure.ai.openai"],
  [/^anthropic/, "anthropic"],
  [/^(?:google[.-])?vertex/, "gcp.vertex_ai"],
  [/^google/, "gcp.gemini"],
  [/^(?:amazon-)?bedrock/, "aws.bedrock"],
  [/^mistral/, "mistral_ai"],
  [/^xai/, "x_ai"],
  [/^cohere/, "cohere"],
  [/^deepseek/, "deepseek"],
  [/^groq/, "groq"],
  [/^perplexity/, "perplexity"],
];

/** The name of a provider in the conventions, or its own name. */
function providerName(provider: string): string {
  return KNOWN_PROVIDERS.find(([start]) => start.test(provider))?.[1] ?? provider;
}

function textPart(content: string): { readonly type: "text"; readonly content: string } {
  return { type: "text", content };
}

function withoutUndefined(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
