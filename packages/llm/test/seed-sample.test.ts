import type { LLMRuntime } from "@atlas/llm";
import { expect, it } from "vitest";

const response = { text: "An answer.", input: 3, output: 2 };

// From the design document ("Adding a New LLM Provider"), with its "..." filled in.
export const myProvider: LLMRuntime = {
  async generateText(opts) {
    return {
      text: response.text,
      usage: { inputTokens: response.input, outputTokens: response.output },
      provider: "my-provider",
      model: opts.model || "default-model",
    };
  },
};

it("takes the design document's provider as it stands there", async () => {
  expect(await myProvider.generateText({ prompt: "?" })).toMatchObject({
    provider: "my-provider",
    model: "default-model",
  });
});
