import { askedText } from "../calling/asked.ts";
import { createLLM, type LLM } from "../calling/llm.ts";
import { createStream } from "../calling/stream.ts";
import type { LLMOptions, LLMResult } from "../contract/runtime.ts";
import { sampleOf } from "./sample-json.ts";

const FREQUENT_WORDS = 5;
const SHORTEST_WORD = 4;
const CHARACTERS_PER_TOKEN = 4;
// Of a longer prompt only the beginning is counted, so that the mock does not hold up the process.
const COUNTED_CHARACTERS = 200_000;

/** What the mock does at one call: a text, a result of which the rest is filled in, a failure, or what a function says. */
export type MockStep =
  | string
  | Error
  | Partial<LLMResult>
  | ((options: LLMOptions) => string | Error | Partial<LLMResult>);

/** A mock model that remembers what it was asked. */
export type MockLLM = LLM & {
  /** Every call so far. */
  readonly calls: readonly LLMOptions[];
};

/**
 * A model that needs no key and no network: it answers with what can be counted in the prompt, always the same for the
 * same prompt, and says that it is a mock. Asked for JSON, it gives the simplest value that fits the schema. Token counts
 * are estimates of four characters a token. With a `script` it plays that instead, one step for each call, and throws when
 * it is asked once more.
 *
 * @example
 * ```ts
 * const { text, provider } = await createMockLLM().generateText({ prompt: "apples and pears\napples" });
 * assert.equal(provider, "mock");
 * assert.match(text, /apples \(2\)/);
 *
 * const scripted = createMockLLM({ script: ["Ahoy", new Error("down")] });
 * assert.equal((await scripted.generateText({ prompt: "Hello" })).text, "Ahoy");
 * await assert.rejects(scripted.generateText({ prompt: "Hello" }), /down/);
 * ```
 */
export function createMockLLM(options: { readonly script?: readonly MockStep[] } = {}): MockLLM {
  const { script } = options;
  const calls: LLMOptions[] = [];

  const answer = (call: LLMOptions): LLMResult => {
    call.signal?.throwIfAborted();
    const asked = askedText(call);
    calls.push(call);
    const step = script === undefined ? answerTo(call, asked) : stepOf(script, calls.length);
    const played = typeof step === "function" ? step(call) : step;
    if (played instanceof Error) throw played;
    return resultOf(call, asked, typeof played === "string" ? { text: played } : played);
  };

  const llm = createLLM({
    generateText: async (call) => answer(call),
    streamText: (call) =>
      createStream(call.signal, async (emit, signal) => {
        const result = answer(call);
        for (const piece of result.text.match(/\s*\S+\s*$|\s*\S+/g) ?? [result.text]) {
          await Promise.resolve();
          signal.throwIfAborted();
          emit(piece);
        }
        return result;
      }),
  });
  return { ...llm, calls };
}

function stepOf(script: readonly MockStep[], call: number): MockStep {
  const step = script[call - 1];
  if (step === undefined)
    throw new Error(`The mock's script has ${script.length} steps, and this is call ${call}.`);
  return step;
}

function answerTo({ json }: LLMOptions, asked: string): string {
  if (json !== undefined) return JSON.stringify(sampleOf(json.schema ?? {}));
  const counted = asked.slice(0, COUNTED_CHARACTERS);
  const lines = counted.split("\n").filter((line) => line.trim() !== "");
  const words = frequentWords(counted);
  return [
    `This is the mock model: no language model was asked. The prompt has ${lines.length} lines and ${asked.length} characters.`,
    ...(words.length === 0 ? [] : [`Its most frequent words are ${words.join(", ")}.`]),
  ].join(" ");
}

function resultOf({ system = "" }: LLMOptions, asked: string, played: Partial<LLMResult>): LLMResult {
  const text = played.text ?? "";
  return {
    provider: "mock",
    model: "mock",
    usage: { inputTokens: tokens(system + asked), outputTokens: tokens(text) },
    ...played,
    text,
  };
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
