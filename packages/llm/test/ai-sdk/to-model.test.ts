import { generateText, isStepCount, streamText, tool } from "ai";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { toModel } from "../../src/ai-sdk/index.ts";
import { createLLMRouter, createStream, type LLMRuntime } from "../../src/index.ts";
import { createMockLLM } from "../../src/mock/mock.ts";

function setUp() {
  const house = createMockLLM({
    script: [{ text: "Ahoy there", usage: { inputTokens: 3, outputTokens: 2 }, model: "house-1" }],
  });
  const router = createLLMRouter({ config: { profiles: { quality: ["house"] } }, providers: { house } });
  return { house, model: toModel(router, "quality") };
}

describe("a profile as a model of the AI SDK", () => {
  it("answers its generateText", async () => {
    const { model, house } = setUp();
    const { text, usage, response } = await generateText({
      model,
      instructions: "Be kind.",
      messages: [
        { role: "user", content: "Hello" },
        { role: "assistant", content: "Hi" },
        { role: "user", content: [{ type: "text", text: "Where?" }] },
      ],
      temperature: 0.2,
      maxOutputTokens: 8,
    });
    expect(text).toBe("Ahoy there");
    expect(usage).toMatchObject({ inputTokens: 3, outputTokens: 2 });
    expect(response.modelId).toBe("house-1");
    expect(house.calls[0]).toMatchObject({
      system: "Be kind.",
      messages: [
        { role: "user", content: "Hello" },
        { role: "assistant", content: "Hi" },
        { role: "user", content: "Where?" },
      ],
      profile: "quality",
      temperature: 0.2,
      maxTokens: 8,
    });
  });

  it("answers its streamText", async () => {
    const { model } = setUp();
    const stream = streamText({ model, prompt: "Hello" });
    const pieces: string[] = [];
    for await (const piece of stream.textStream) pieces.push(piece);
    expect(pieces).toEqual(["Ahoy", " there"]);
    expect(await stream.usage).toMatchObject({ outputTokens: 2 });
    expect(await stream.finishReason).toBe("stop");
  });

  it("slows the model down with its reader, and ends it when the reader leaves", async () => {
    let emitted = 0;
    let reason: unknown;
    const endless: LLMRuntime = {
      generateText: () => Promise.reject(new Error("not asked")),
      streamText: ({ signal }) =>
        createStream(signal, async (emit, either) => {
          either.addEventListener("abort", () => {
            reason = either.reason;
          });
          for (;;) {
            await emit("x".repeat(1_024));
            emitted += 1;
          }
        }),
    };
    const { stream } = await toModel(endless).doStream({
      prompt: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
    });
    const reader = stream.getReader();
    for (let part = 0; part < 3; part += 1) await reader.read();
    await new Promise((resolve) => setImmediate(resolve));
    expect(emitted).toBeGreaterThan(60);
    expect(emitted).toBeLessThan(70);
    await reader.cancel();
    expect(reason).toMatchObject({ name: "AbortError" });
  });

  it("refuses tools and files in words", async () => {
    const { model } = setUp();
    const tools = { look: tool({ inputSchema: z.object({}), execute: async () => "" }) };
    await expect(
      generateText({ model, prompt: "Hello", tools, stopWhen: isStepCount(2), maxRetries: 0 }),
    ).rejects.toThrow("supports text only, so it cannot take tools");
    await expect(
      model.doGenerate({
        prompt: [
          {
            role: "user",
            content: [
              {
                type: "file",
                mediaType: "image/png",
                data: { type: "url", url: new URL("http://a.example") },
              },
            ],
          },
        ],
      }),
    ).rejects.toThrow('so it cannot take parts of type "file"');
  });

  it("says who answered, and that the mock stood in, in the metadata and as a warning", async () => {
    const down: LLMRuntime = { generateText: () => Promise.reject(new Error("down")) };
    const router = createLLMRouter({
      config: { profiles: { quality: ["house"] }, fallback: ["mock"] },
      providers: { house: down },
    });
    const model = toModel(router, "quality");
    const evidence = {
      provider: "mock",
      degraded: true,
      route: {
        candidate: "mock",
        attempts: [{ candidate: "house", outcome: "failed" }, { outcome: "answered" }],
      },
    };
    const { warnings, providerMetadata } = await generateText({ model, prompt: "Hello" });
    expect(providerMetadata?.atlas).toMatchObject(evidence);
    expect(warnings).toMatchObject([
      { type: "other", message: expect.stringContaining("The mock answered") },
    ]);
    const stream = streamText({ model, prompt: "Hello" });
    await stream.consumeStream();
    expect((await stream.providerMetadata)?.atlas).toMatchObject(evidence);
  });

  it("warns of nothing where a model answered", async () => {
    const { model } = setUp();
    const { warnings, providerMetadata } = await generateText({ model, prompt: "Hello" });
    expect(warnings).toEqual([]);
    expect(providerMetadata?.atlas).not.toHaveProperty("degraded");
  });

  it("fails as the runtime fails", async () => {
    const model = toModel(createMockLLM({ script: [new Error("down"), new Error("down")] }));
    await expect(generateText({ model, prompt: "Hello", maxRetries: 0 })).rejects.toThrow("down");
    await expect(model.doStream({ prompt: [{ role: "user", content: [] }] })).rejects.toThrow("down");
  });
});
