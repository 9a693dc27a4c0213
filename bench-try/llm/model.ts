import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { convertArrayToReadableStream, MockLanguageModelV4 } from "ai/test";

/** How many pieces of text the model streams. */
export const CHUNKS = 500;

const usage = {
  inputTokens: { total: 200, noCache: 200, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 40, text: 40, reasoning: undefined },
};
const finishReason = { unified: "stop", raw: "stop" } as const;

/** The AI SDK's own mock: it answers at once, always the same, and each contestant has one of its own. */
export function createModel(): MockLanguageModelV4 {
  return new MockLanguageModelV4({
    provider: "bench",
    modelId: "bench-1",
    doGenerate: {
      content: [{ type: "text", text: "A short answer of some words." }],
      finishReason,
      usage,
      warnings: [],
    },
    doStream: async () => ({ stream: convertArrayToReadableStream([...parts]) }),
  });
}

/** The mock keeps every call it got; of a long run nobody wants them. */
export function forgetCalls(model: MockLanguageModelV4): void {
  model.doGenerateCalls.length = 0;
  model.doStreamCalls.length = 0;
}

/** About 1,000 characters, as a workflow asks. */
export const prompt: string = [
  "Write release notes for these commits, in three short paragraphs for people who use the product.",
  ...Array.from(
    { length: 14 },
    (_, index) => `- Change ${index} of the river gauge: keep the raw value, too`,
  ),
].join("\n");

const parts: readonly LanguageModelV4StreamPart[] = [
  { type: "stream-start", warnings: [] },
  { type: "text-start", id: "1" },
  ...Array.from({ length: CHUNKS }, (_, index) => ({
    type: "text-delta" as const,
    id: "1",
    delta: `word${index} `,
  })),
  { type: "text-end", id: "1" },
  { type: "finish", finishReason, usage },
];
