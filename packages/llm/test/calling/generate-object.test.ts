import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createLLM, createLLMRouter, isLLMError, type LLMRuntime } from "../../src/index.ts";
import { createMockLLM, type MockStep } from "../../src/mock/mock.ts";

const schema = z.object({ colour: z.enum(["red", "green"]) });

function setUp(script: readonly MockStep[]) {
  const house = createMockLLM({ script });
  const router = createLLMRouter({ config: { profiles: { fast: ["house"] } }, providers: { house } });
  return { house, llm: createLLM(router) };
}

describe("an object", () => {
  it.each([
    ["plain", '{"colour":"red"}'],
    ["with space around it", '\n {"colour":"red"}\n'],
    ["in a fence of Markdown", '```json\n{"colour":"red"}\n```\n'],
  ])("is read from JSON %s", async (_, text) => {
    const { llm, house } = setUp([text]);
    const result = await llm.generateObject({ prompt: "Which?", system: "Be kind.", schema });
    expect(result).toMatchObject({ object: { colour: "red" }, provider: "mock" });
    expect(house.calls[0]?.json?.schema).toMatchObject({ type: "object", required: ["colour"] });
    expect(house.calls[0]?.system).toMatch(/^Be kind\.\n\nAnswer with one JSON value and nothing else/);
  });

  it.each([
    ["is no JSON", "I like red.", "it is not valid JSON"],
    ["has wrong values", '{"colour":"blue"}', "colour: "],
    ["is cut off", '{"colour":"r', "it is not valid JSON"],
    ["is another kind of value", "[]", "expected object"],
  ])("that %s rejects with the text and what it cost", async (_, text, issue) => {
    const { llm, house } = setUp([{ text, usage: { inputTokens: 4, outputTokens: 2 } }]);
    const answer = llm.generateObject({ prompt: "Which?", schema });
    await expect(answer).rejects.toMatchObject({
      code: "ATLAS_LLM_OBJECT_INVALID",
      retryable: false,
      details: {
        text,
        issues: [expect.stringContaining(issue)],
        usage: { inputTokens: 4, outputTokens: 2 },
      },
      route: { candidate: "house" },
    });
    expect(house.calls).toHaveLength(1);
  });

  it("is repaired only when asked: one more try, shown in the route, and paid for", async () => {
    const usage = { inputTokens: 4, outputTokens: 2 };
    const { llm, house } = setUp([
      { text: '{"colour":"blue"}', usage },
      { text: '{"colour":"green"}', usage },
    ]);
    const result = await llm.generateObject({ prompt: "Which?", schema, repair: true });
    expect(result.object).toEqual({ colour: "green" });
    expect(result.usage).toEqual({ inputTokens: 8, outputTokens: 4 });
    expect(result.route?.attempts).toMatchObject([
      { candidate: "house", outcome: "answered" },
      { candidate: "house", outcome: "answered", repair: true },
    ]);
    expect(house.calls[1]?.messages).toMatchObject([
      { role: "user", content: "Which?" },
      { role: "assistant", content: '{"colour":"blue"}' },
      { role: "user", content: expect.stringContaining("does not fit: colour:") },
    ]);
    expect(house.calls[1]?.deadlineMs).toBeLessThanOrEqual(120_000);
  });

  it("that cannot be repaired rejects with the second text", async () => {
    const { llm, house } = setUp(["one", "two"]);
    const error = await llm
      .generateObject({ prompt: "Which?", schema, repair: true })
      .catch((thrown: unknown) => thrown);
    expect(isLLMError(error, "ATLAS_LLM_OBJECT_INVALID") && error.details.text).toBe("two");
    expect(house.calls).toHaveLength(2);
  });

  it("that no value fits rejects in words", async () => {
    const { llm } = setUp(["{}"]);
    await expect(llm.generateObject({ prompt: "Which?", schema: z.never() })).rejects.toMatchObject({
      code: "ATLAS_LLM_OBJECT_INVALID",
    });
  });

  it("is checked by any Standard Schema, also one that knows no JSON Schema and answers later", async () => {
    const even = {
      "~standard": {
        version: 1 as const,
        vendor: "here",
        validate: async (value: unknown) =>
          typeof value === "number" && value % 2 === 0
            ? { value }
            : { issues: [{ message: "expected an even number" }] },
      },
    };
    const { llm, house } = setUp(["4", "5"]);
    expect((await llm.generateObject({ prompt: "Which?", schema: even })).object).toBe(4);
    expect(house.calls[0]?.json).toEqual({});
    await expect(llm.generateObject({ prompt: "Which?", schema: even })).rejects.toThrow("even number");
  });
});

it("derives everything from a runtime with only generateText", async () => {
  const plain: LLMRuntime = { generateText: async () => ({ text: '{"colour":"red"}', provider: "plain" }) };
  const llm = createLLM(plain);
  expect((await llm.streamText({ prompt: "Which?" }).result).provider).toBe("plain");
  expect((await llm.generateObject({ prompt: "Which?", schema })).object.colour).toBe("red");
  await expect(llm.generateText({})).rejects.toThrow(TypeError);
});
