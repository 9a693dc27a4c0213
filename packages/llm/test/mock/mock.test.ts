import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createLLM } from "../../src/index.ts";
import { createMockLLM } from "../../src/mock/mock.ts";

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
    await expect(llm.generateText({ messages: [] })).rejects.toThrow(TypeError);
    await expect(llm.generateText({ prompt: "a", messages: [] })).rejects.toThrow(TypeError);
    await expect(llm.generateText({ prompt: 5 as unknown as string })).rejects.toThrow("number");
  });

  it("answers nothing when the call was aborted", async () => {
    await expect(llm.generateText({ prompt: "a", signal: AbortSignal.abort() })).rejects.toThrow("aborted");
  });

  it("streams the same answer in pieces", async () => {
    const { textStream, result } = llm.streamText({ prompt: "apples and pears" });
    const pieces: string[] = [];
    for await (const piece of textStream) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(5);
    expect(await result).toEqual(await llm.generateText({ prompt: "apples and pears" }));
    expect(pieces.join("")).toBe((await result).text);
  });

  it("counts only the beginning of ten million characters", async () => {
    const { text } = await llm.generateText({ prompt: "apples ".repeat(1_500_000) });
    expect(text).toContain("10500000 characters");
    // 28,571 words of seven characters, and a part of the next.
    expect(text).toMatch(/apples \(2857\d\)/);
  });

  it("gives the simplest value that fits a schema, so that objects work offline", async () => {
    const schema = z.object({
      title: z.string().min(10),
      kind: z.enum(["bug", "wish"]),
      count: z.int().min(3),
      when: z.iso.datetime(),
      tags: z.array(z.string()).min(2),
      author: z.object({ mail: z.email(), age: z.number().optional() }),
      either: z.union([z.string(), z.number()]),
      nothing: z.null(),
      done: z.boolean(),
    });
    const { object } = await createLLM(llm).generateObject({ prompt: "?", schema });
    expect(object).toMatchObject({ kind: "bug", count: 3, tags: ["mock", "mock"], done: false });
  });

  it("survives a schema that refers to itself", async () => {
    interface Tree {
      readonly children: readonly Tree[];
    }
    const schema: z.ZodType<Tree> = z.lazy(() => z.object({ children: z.array(schema) }));
    expect((await createLLM(llm).generateObject({ prompt: "?", schema })).object).toEqual({ children: [] });
  });
});

describe("a scripted mock", () => {
  it("plays its steps in order, remembers the calls, and throws when asked once more", async () => {
    const scripted = createMockLLM({
      script: [
        "one",
        { text: "two", model: "mock-2", usage: { inputTokens: 9 } },
        new Error("down"),
        ({ prompt }) => `four: ${prompt}`,
      ],
    });
    expect((await scripted.generateText({ prompt: "a" })).text).toBe("one");
    expect(await scripted.generateText({ prompt: "b" })).toEqual({
      text: "two",
      provider: "mock",
      model: "mock-2",
      usage: { inputTokens: 9 },
    });
    await expect(scripted.generateText({ prompt: "c" })).rejects.toThrow("down");
    expect((await scripted.streamText({ prompt: "d" }).result).text).toBe("four: d");
    await expect(scripted.generateText({ prompt: "e" })).rejects.toThrow("4 steps, but this is call 5");
    expect(scripted.calls.map(({ prompt }) => prompt)).toEqual(["a", "b", "c", "d", "e"]);
  });
});
