import { expect, it } from "vitest";
import {
  applyMiddleware,
  createLLM,
  createLLMRouter,
  createStream,
  type LLMMiddleware,
  streamOf,
} from "../../src/index.ts";

/** Notes when a call passes on its way in and on its way out, whole and streamed. */
function noting(name: string, notes: string[]): LLMMiddleware {
  return (next) => ({
    async generateText(options) {
      notes.push(`${name} asks`);
      const result = await next.generateText(options);
      notes.push(`${name} has the answer of ${result.route?.candidate}`);
      return result;
    },
    streamText: (options) =>
      createStream(options.signal, async (emit, signal) => {
        notes.push(`${name} asks`);
        const { textStream, result } = streamOf(next, { ...options, signal });
        for await (const piece of textStream) await emit(piece);
        notes.push(`${name} has the answer of ${(await result).route?.candidate}`);
        return result;
      }),
  });
}

it("sees a call in the order of the list, the first outermost, and the answer in the opposite order", async () => {
  const notes: string[] = [];
  const middleware = ["guard", "cost", "instructions"].map((name) => noting(name, notes));
  const llm = createLLM(applyMiddleware(createLLMRouter(), middleware));
  const expected = [
    "guard asks",
    "cost asks",
    "instructions asks",
    "instructions has the answer of mock",
    "cost has the answer of mock",
    "guard has the answer of mock",
  ];
  await llm.generateText({ prompt: "Hello" });
  expect(notes.splice(0)).toEqual(expected);
  for await (const _ of llm.streamText({ prompt: "Hello" }).textStream);
  expect(notes.splice(0)).toEqual(expected);
});

it("changes nothing without middleware", () => {
  const runtime = createLLMRouter();
  expect(applyMiddleware(runtime, [])).toBe(runtime);
});
