import { createStream, type LLMOptions, type LLMRuntime, type LLMStream } from "../../src/index.ts";

/** A runtime that keeps what it was asked and answers with `answer`, in pieces of one word where it streams. */
export function createEcho(
  answer = "Fine. Thank you.",
): Required<Omit<LLMRuntime, "languageModel">> & { readonly asked: LLMOptions[] } {
  const asked: LLMOptions[] = [];
  const result = {
    text: answer,
    provider: "echo",
    model: "echo-1",
    usage: { inputTokens: 3, outputTokens: 4 },
  };
  return {
    asked,
    generateText: async (options) => {
      asked.push(options);
      options.signal?.throwIfAborted();
      return result;
    },
    streamText: (options) =>
      createStream(options.signal, async (emit, signal) => {
        asked.push(options);
        for (const piece of answer.split(/(?<= )/)) {
          await Promise.resolve();
          signal.throwIfAborted();
          await emit(piece);
        }
        return result;
      }),
  };
}

/** Reads a stream to its end. */
export async function piecesOf(stream: LLMStream | undefined): Promise<readonly string[]> {
  const pieces: string[] = [];
  for await (const piece of stream?.textStream ?? []) pieces.push(piece);
  return pieces;
}
