import type { LLMOptions, LLMResult, LLMRuntime } from "./runtime.ts";

const FREQUENT_WORDS = 5;
const SHORTEST_WORD = 4;
const CHARACTERS_PER_TOKEN = 4;

/**
 * A model that needs no key and no network: it answers with what can be counted in the prompt, always the same for the
 * same prompt, and says that it is a mock. Token counts are estimates of four characters a token.
 *
 * @example
 * ```ts
 * const { text, provider } = await createMockLLM().generateText({ prompt: "apples and pears\napples" });
 * assert.equal(provider, "mock");
 * assert.match(text, /apples \(2\)/);
 * ```
 */
export function createMockLLM(): LLMRuntime {
  return { generateText: async (options) => answer(options) };
}

function answer(options: LLMOptions): LLMResult {
  options.signal?.throwIfAborted();
  const asked = textOf(options);
  const lines = asked.split("\n").filter((line) => line.trim() !== "");
  const words = frequentWords(asked);
  const text = [
    `This is the mock model: no language model was asked. The prompt has ${lines.length} lines and ${asked.length} characters.`,
    ...(words.length === 0 ? [] : [`Its most frequent words are ${words.join(", ")}.`]),
  ].join(" ");
  const inputTokens = tokens((options.system ?? "") + asked);
  return { text, provider: "mock", model: "mock", usage: { inputTokens, outputTokens: tokens(text) } };
}

function textOf({ prompt, messages }: LLMOptions): string {
  if (prompt !== undefined && messages !== undefined) {
    throw new TypeError("generateText takes a prompt or messages, not both.");
  }
  const text = prompt ?? messages?.map(({ content }) => content).join("\n");
  if (text === undefined) throw new TypeError("generateText needs a prompt or messages.");
  return text;
}

function frequentWords(text: string): readonly string[] {
  const counts = new Map<string, number>();
  for (const [word] of text.toLowerCase().matchAll(/\p{L}+/gu)) {
    if (word.length >= SHORTEST_WORD) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts]
    .sort(([left, leftCount], [right, rightCount]) => rightCount - leftCount || (left < right ? -1 : 1))
    .slice(0, FREQUENT_WORDS)
    .map(([word, count]) => `${word} (${count})`);
}

function tokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}
