import { checkOptions } from "@atlas/routing/internal";
import { askedText } from "../calling/asked.ts";
import { createLLM, type LLM } from "../calling/llm.ts";
import { createStream } from "../calling/stream.ts";
import { keepingDeadlines } from "../contract/own-deadline.ts";
import type { LLMOptions, LLMResult, LLMRuntime } from "../contract/runtime.ts";
import { sampleOf } from "./sample-json.ts";

const FREQUENT_WORDS = 5;
const SHORTEST_WORD = 4;
const CHARACTERS_PER_TOKEN = 4;
// Only the beginning of a longer prompt is counted, so that the mock does not block the event loop.
const COUNTED_CHARACTERS = 200_000;

/** One scripted reaction: a text, a partial result, an error to throw, or a function that returns one of these. */
export type MockStep =
  | string
  | Error
  | Partial<LLMResult>
  | ((options: LLMOptions) => string | Error | Partial<LLMResult>);

/** A mock model that records its calls. */
export type MockLLM = LLM & {
  /** All calls so far, in order. */
  readonly calls: readonly LLMOptions[];
};

/**
 * Creates a mock model that needs no key and no network. Its answer says that it is a mock and describes the prompt; the
 * same prompt always gets the same answer. Asked for JSON, it returns the simplest value that fits the schema. Token counts
 * are estimates (four characters a token). With a `script`, each call plays the next step, and a call after the last step
 * throws.
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
  checkOptions("createMockLLM", options, ["script"]);
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

  // It answers at once, so no deadline has to be watched.
  const runtime = keepingDeadlines<LLMRuntime>({
    generateText: async (call) => answer(call),
    streamText: (call) =>
      createStream(call.signal, async (emit, signal) => {
        const result = answer(call);
        for (const piece of result.text.match(/\s*\S+\s*$|\s*\S+/g) ?? [result.text]) {
          await Promise.resolve();
          signal.throwIfAborted();
          await emit(piece);
        }
        return result;
      }),
  });
  return keepingDeadlines({ ...createLLM(runtime), calls });
}

function stepOf(script: readonly MockStep[], call: number): MockStep {
  const step = script[call - 1];
  if (step === undefined)
    throw new Error(
      `The mock's script has ${script.length} steps, but this is call ${call}. Add a step for every call.`,
    );
  return step;
}

function answerTo({ json }: LLMOptions, asked: string): string {
  if (json !== undefined) return JSON.stringify(sampleOf(json.schema ?? {}));
  const counted = asked.slice(0, COUNTED_CHARACTERS);
  const lines = counted.split("\n").filter((line) => line.trim() !== "");
  const words = frequentWords(counted);
  return [
    `This is the mock model: no language model was asked. The prompt has ${lines.length} ${lines.length === 1 ? "line" : "lines"} and ${asked.length} characters.`,
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
