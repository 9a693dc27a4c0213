import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import type { LLMOptions } from "../contract/runtime.ts";

const CHARACTERS_PER_TOKEN = 4;

/**
 * The tokens that a call will probably use: its texts at four characters a token, and the longest answer that it allows. The
 * count of the provider replaces the estimate when the answer is there.
 */
export function estimatedTokens({
  system = "",
  prompt = "",
  messages = [],
  maxTokens = 0,
}: Pick<LLMOptions, "system" | "prompt" | "messages" | "maxTokens">): number {
  const texts = messages.reduce((sum, { content }) => sum + content.length, system.length + prompt.length);
  return Math.ceil(texts / CHARACTERS_PER_TOKEN) + maxTokens;
}

/** The same for a call of the AI SDK. Only its texts are counted: nobody but the provider knows what a file costs. */
export function estimatedPromptTokens({ prompt, maxOutputTokens = 0 }: LanguageModelV4CallOptions): number {
  const texts = prompt.reduce((sum, message) => {
    if (message.role === "system") return sum + message.content.length;
    return message.content.reduce((inner, part) => inner + ("text" in part ? part.text.length : 0), sum);
  }, 0);
  return Math.ceil(texts / CHARACTERS_PER_TOKEN) + maxOutputTokens;
}
