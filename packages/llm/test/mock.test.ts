import { describe, expect, it } from "vitest";
import { createMockLLM } from "../src/mock.ts";

const llm = createMockLLM();

describe("the mock model", () => {
  it("answers the same prompt with the same text, made from the prompt, and says that it is a mock", async () => {
    const options = { prompt: "Fix the parser\nFix the writer\nAdd a reader" };
    const result = await llm.generateText(options);
    expect(result).toEqual(await llm.generateText(options));
    expect(result.provider).toBe("mock");
    expect(result.text).toContain("no language model was asked");
    expect(result.text).toContain("3 lines");
    expect(result.text).not.toEqual((await llm.generateText({ prompt: "Something else" })).text);
  });

  it("takes messages instead of a prompt, and counts tokens by length", async () => {
    const { usage } = await llm.generateText({
      system: "Be kind.",
      messages: [{ role: "user", content: "Hello!!!" }],
    });
    expect(usage?.inputTokens).toBe(4);
    expect(usage?.outputTokens).toBeGreaterThan(0);
  });

  it("refuses to be asked nothing, or twice", async () => {
    await expect(llm.generateText({})).rejects.toThrow(TypeError);
    await expect(llm.generateText({ prompt: "a", messages: [] })).rejects.toThrow(TypeError);
  });

  it("answers nothing when the call was aborted", async () => {
    await expect(llm.generateText({ prompt: "a", signal: AbortSignal.abort() })).rejects.toThrow("aborted");
  });
});
