import {
  type LanguageModelV4CallOptions,
  type LanguageModelV4Message,
  type LanguageModelV4Prompt,
  type SharedV4Warning,
  UnsupportedFunctionalityError,
} from "@ai-sdk/provider";
import type { LLMMessage, LLMOptions, ModelOptions } from "../contract/runtime.ts";

/**
 * Translates a call of the AI SDK for a runtime that carries text. What would change the meaning of the answer throws
 * `UnsupportedFunctionalityError`; what can only change its quality is left out, with a warning.
 */
export function textCallOf(
  asked: LanguageModelV4CallOptions,
  { model, ...options }: ModelOptions,
): { readonly call: LLMOptions; readonly warnings: SharedV4Warning[] } {
  const { prompt, temperature, maxOutputTokens, responseFormat, abortSignal, tools = [], toolChoice } = asked;
  if (tools.length > 0) throw unsupported("tools");
  if (toolChoice?.type === "required" || toolChoice?.type === "tool") {
    throw unsupported(`the tool choice "${toolChoice.type}"`);
  }
  const system = prompt.flatMap((message) => (message.role === "system" ? [message.content] : []));
  const call: LLMOptions = {
    ...options,
    ...(model === undefined ? {} : { model }),
    ...(system.length === 0 ? {} : { system: system.join("\n\n") }),
    messages: messagesOf(prompt),
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxOutputTokens === undefined ? {} : { maxTokens: maxOutputTokens }),
    ...(responseFormat?.type === "json"
      ? { json: responseFormat.schema === undefined ? {} : { schema: { ...responseFormat.schema } } }
      : {}),
    ...(abortSignal === undefined ? {} : { signal: abortSignal }),
  };
  return { call, warnings: featuresLeftOut(asked).map((feature) => ({ type: "unsupported", feature })) };
}

const settings = [
  "topP",
  "topK",
  "presencePenalty",
  "frequencyPenalty",
  "seed",
  "stopSequences",
] as const satisfies readonly (keyof LanguageModelV4CallOptions)[];

/** What of a call a runtime does not receive, although it was asked for. */
function featuresLeftOut(asked: LanguageModelV4CallOptions): readonly string[] {
  const { prompt, reasoning = "provider-default", includeRawChunks, providerOptions, headers } = asked;
  // The AI SDK adds this header itself.
  const ownHeaders = Object.keys(headers ?? {}).filter((name) => name.toLowerCase() !== "user-agent");
  return [
    ...settings.filter((name) => asked[name] !== undefined && !isEmptyList(asked[name])),
    ...(reasoning === "provider-default" ? [] : ["reasoning"]),
    ...(includeRawChunks === true ? ["includeRawChunks"] : []),
    ...(ownHeaders.length === 0 ? [] : ["headers"]),
    ...(hasOptions({ providerOptions }) || prompt.some(hasOptionsInside) ? ["providerOptions"] : []),
    ...(prompt.some(hasReasoning) ? ["reasoning in the prompt"] : []),
  ];
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function hasOptionsInside(message: LanguageModelV4Message): boolean {
  return hasOptions(message) || (message.role !== "system" && message.content.some(hasOptions));
}

function hasOptions({ providerOptions }: { readonly providerOptions?: object | undefined }): boolean {
  return providerOptions !== undefined && Object.keys(providerOptions).length > 0;
}

function hasReasoning(message: LanguageModelV4Message): boolean {
  return message.role === "assistant" && message.content.some(({ type }) => type === "reasoning");
}

function messagesOf(prompt: LanguageModelV4Prompt): readonly LLMMessage[] {
  return prompt.flatMap((message) => {
    if (message.role === "system") return [];
    if (message.role === "tool") throw unsupported("tool results");
    const texts = message.content.map((part) => {
      if (part.type === "text") return part.text;
      // Reasoning is not sent back to a model.
      if (part.type === "reasoning") return "";
      throw unsupported(`parts of type "${part.type}"`);
    });
    return [{ role: message.role, content: texts.join("") }];
  });
}

function unsupported(functionality: string): UnsupportedFunctionalityError {
  return new UnsupportedFunctionalityError({
    functionality,
    message: `This model supports text only, so it cannot take ${functionality}. Use \`model\` of the gateway or of the router over models of the AI SDK; a middleware around them has to pass \`languageModel\` on.`,
  });
}
