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
}: LLMOptions): number {
  const texts = messages.reduce((sum, { content }) => sum + content.length, system.length + prompt.length);
  return Math.ceil(texts / CHARACTERS_PER_TOKEN) + maxTokens;
}
