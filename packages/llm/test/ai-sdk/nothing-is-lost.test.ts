import type {
  LanguageModelV2,
  LanguageModelV3,
  LanguageModelV4CallOptions,
  LanguageModelV4Prompt,
} from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";
import { fromModel, toModel } from "../../src/ai-sdk/index.ts";
import { createLLM, type LLMOptions, type LLMRuntime } from "../../src/index.ts";
import { createMockLLM } from "../../src/mock/mock.ts";
import {
  answering,
  createFakeModel,
  delta,
  finish,
  hello,
  type Part,
  partsOf,
  routerOver,
  saying,
  start,
  stop,
  streamOf,
  usage,
} from "../support/fake-model.ts";

const user = (...content: Extract<LanguageModelV4Prompt[number], { role: "user" }>["content"]) => ({
  role: "user" as const,
  content,
});

describe("a runtime as a model", () => {
  it.each<[string, Partial<LanguageModelV4CallOptions>, string]>([
    ["topP", { topP: 0.5 }, "topP"],
    ["topK", { topK: 3 }, "topK"],
    ["seed", { seed: 0 }, "seed"],
    ["a presence penalty", { presencePenalty: 0.1 }, "presencePenalty"],
    ["a frequency penalty", { frequencyPenalty: 0.1 }, "frequencyPenalty"],
    ["stop sequences", { stopSequences: ["end"] }, "stopSequences"],
    ["reasoning", { reasoning: "high" }, "reasoning"],
    ["raw chunks", { includeRawChunks: true }, "includeRawChunks"],
    ["headers", { headers: { "x-trace": "1", "user-agent": "ai" } }, "headers"],
    ["provider options", { providerOptions: { openai: { store: true } } }, "providerOptions"],
    [
      "provider options of a message",
      {
        prompt: [
          { role: "system", content: "Hi", providerOptions: { anthropic: { cacheControl: {} } } },
          ...hello.prompt,
        ],
      },
      "providerOptions",
    ],
    [
      "provider options of a part",
      { prompt: [user({ type: "text", text: "Hi", providerOptions: { anthropic: { cacheControl: {} } } })] },
      "providerOptions",
    ],
    [
      "reasoning of an earlier answer",
      { prompt: [...hello.prompt, { role: "assistant", content: [{ type: "reasoning", text: "Hm." }] }] },
      "reasoning in the prompt",
    ],
  ])("warns that it leaves out %s", async (_, more, feature) => {
    const model = toModel(createMockLLM());
    const warnings = [{ type: "unsupported", feature }];
    expect((await model.doGenerate({ ...hello, ...more })).warnings).toEqual(warnings);
    const [first] = await partsOf((await model.doStream({ ...hello, ...more })).stream);
    expect(first).toEqual({ type: "stream-start", warnings });
  });

  it("warns of nothing that is the default", async () => {
    const { warnings } = await toModel(createMockLLM()).doGenerate({
      ...hello,
      stopSequences: [],
      reasoning: "provider-default",
      includeRawChunks: false,
      headers: { "User-Agent": "ai" },
      providerOptions: {},
      tools: [],
      toolChoice: { type: "auto" },
    });
    expect(warnings).toEqual([]);
  });

  it.each<[string, Partial<LanguageModelV4CallOptions>]>([
    ["tools", { tools: [{ type: "function", name: "look", inputSchema: {} }] }],
    ['the tool choice "required"', { toolChoice: { type: "required" } }],
    ['the tool choice "tool"', { toolChoice: { type: "tool", toolName: "look" } }],
    ["tool results", { prompt: [{ role: "tool", content: [] }] }],
    [
      'parts of type "file"',
      { prompt: [user({ type: "file", mediaType: "image/png", data: { type: "data", data: "AA==" } })] },
    ],
  ])("refuses %s, because the answer would mean something else", async (what, more) => {
    const model = toModel(createMockLLM());
    const refusal = {
      name: "AI_UnsupportedFunctionalityError",
      message: expect.stringContaining(`cannot take ${what}.`),
    };
    await expect(model.doGenerate({ ...hello, ...more })).rejects.toMatchObject(refusal);
    await expect(model.doStream({ ...hello, ...more })).rejects.toMatchObject(refusal);
  });

  it("hands on what the model was made with", async () => {
    const asked: LLMOptions[] = [];
    const runtime: LLMRuntime = {
      async generateText(call) {
        asked.push(call);
        return { text: "Ahoy", provider: "mine" };
      },
    };
    const options = { profile: "fast", model: "m", deadlineMs: 5, tags: ["a"], context: { tenant: "acme" } };
    const model = createLLM(runtime).languageModel(options);
    await model.doGenerate({
      ...hello,
      responseFormat: { type: "json" },
      maxOutputTokens: 3,
      temperature: 0,
    });
    expect(asked[0]).toMatchObject({ ...options, json: {}, maxTokens: 3, temperature: 0 });
  });
});

describe("a model as a runtime", () => {
  const extras = [
    { type: "source", sourceType: "url", id: "s", url: "http://a.example" },
    { type: "file", mediaType: "image/png", data: { type: "data", data: "AA==" } },
  ] as const;

  it("says what came with the text and has no place in a result", async () => {
    const whole = createFakeModel([
      { type: "text", text: "Ahoy" },
      { type: "reasoning", text: "Hm." },
      ...extras,
    ]);
    expect((await fromModel(whole).generateText({ prompt: "?" })).omitted).toEqual(["source", "file"]);
    const streamed = createFakeModel({ parts: [start, delta("Ahoy"), ...extras, ...extras, finish] });
    expect((await fromModel(streamed).streamText({ prompt: "?" }).result).omitted).toEqual([
      "source",
      "file",
    ]);
    const plain = createFakeModel([{ type: "text", text: "Ahoy" }], { parts: saying("Ahoy") });
    expect(await fromModel(plain).generateText({ prompt: "?" })).not.toHaveProperty("omitted");
    expect(await fromModel(plain).streamText({ prompt: "?" }).result).not.toHaveProperty("omitted");
  });

  it("refuses an answer that is a call of a tool", async () => {
    const calling = createFakeModel({
      content: [{ type: "tool-call", toolCallId: "1", toolName: "look", input: "{}" }],
      finishReason: { unified: "tool-calls", raw: "tool_use" },
    });
    await expect(fromModel(calling).generateText({ prompt: "?" })).rejects.toMatchObject({
      code: "ATLAS_LLM_BAD_RESPONSE",
    });
  });

  it("gives its model on, with errors that hold no secret", async () => {
    const model = createFakeModel(answering(500, "Broken with canary-1."), [{ type: "text", text: "Ahoy" }]);
    const own = fromModel(model, { provider: "mine", secrets: ["canary-1"] }).languageModel();
    expect([own.provider, own.modelId, await own.supportedUrls]).toEqual(["mine", "fake-1", {}]);
    await expect(own.doGenerate(hello)).rejects.toMatchObject({
      code: "ATLAS_LLM_UNAVAILABLE",
      message: '"mine" (fake-1) is not available [500]: Broken with [redacted].',
    });
    expect((await own.doGenerate(hello)).content).toEqual([{ type: "text", text: "Ahoy" }]);
  });

  it("rejects with the caller's reason where the caller gives up", async () => {
    const reason = new Error("Enough.");
    const abortSignal = AbortSignal.abort(reason);
    const refusing = createFakeModel(({ abortSignal: signal }) => Promise.reject(signal?.reason));
    const own = fromModel(refusing).languageModel();
    await expect(own.doGenerate({ ...hello, abortSignal })).rejects.toBe(reason);
    await expect(own.doStream({ ...hello, abortSignal })).rejects.toBe(reason);
  });
});

/** A model of specification 3 that keeps its calls. */
function createThird() {
  const calls: unknown[] = [];
  const file = { type: "file" as const, mediaType: "image/png", data: "AA==" };
  const model: LanguageModelV3 = {
    specificationVersion: "v3",
    provider: "third.chat",
    modelId: "third-1",
    supportedUrls: { "image/*": [/^https:/] },
    async doGenerate(call) {
      calls.push(call);
      return { content: [{ type: "text", text: "Ahoy" }, file], finishReason: stop, usage, warnings: [] };
    },
    async doStream(call) {
      calls.push(call);
      // Sound: apart from the file, the parts are the same in both versions.
      const parts = [start, delta("Ahoy"), file as unknown as Part, finish];
      return { stream: streamOf(parts) as never };
    },
  };
  return { model, calls };
}

describe("a model of specification 3", () => {
  const bytes = new Uint8Array([0]);
  const url = new URL("https://a.example/a.png");
  const asked: LanguageModelV4CallOptions = {
    prompt: [
      { role: "system", content: "Hi" },
      user(
        { type: "file", mediaType: "image/png", data: { type: "data", data: bytes } },
        { type: "file", mediaType: "image/png", data: { type: "url", url } },
      ),
      {
        role: "tool",
        content: [
          {
            type: "tool-result",
            toolCallId: "1",
            toolName: "look",
            output: {
              type: "content",
              value: [
                { type: "text", text: "See" },
                { type: "file", mediaType: "image/png", data: { type: "data", data: bytes } },
                { type: "file", mediaType: "image/png", data: { type: "url", url } },
              ],
            },
          },
        ],
      },
    ],
    tools: [{ type: "function", name: "look", inputSchema: {} }],
    seed: 3,
  };

  it("takes and gives files in its own form", async () => {
    const { model, calls } = createThird();
    const routed = routerOver({ third: fromModel(model) }).model();
    expect(await routed.supportedUrls).toEqual({ "image/*": [/^https:/] });
    const { content, warnings, providerMetadata } = await routed.doGenerate({ ...asked, reasoning: "low" });
    const newer = { type: "file", mediaType: "image/png", data: { type: "data", data: "AA==" } };
    expect(content).toEqual([{ type: "text", text: "Ahoy" }, newer]);
    expect(warnings).toEqual([{ type: "unsupported", feature: "reasoning" }]);
    expect(providerMetadata?.["atlas"]).toMatchObject({
      candidate: "third",
      provider: "third",
      model: "third-1",
    });
    expect(calls[0]).toMatchObject({
      tools: asked.tools,
      seed: 3,
      prompt: [
        { role: "system", content: "Hi" },
        { content: [{ data: bytes }, { data: url }] },
        {
          content: [
            {
              output: {
                value: [
                  { type: "text", text: "See" },
                  { type: "file-data", data: "AA==", mediaType: "image/png" },
                  { type: "file-url", url: String(url) },
                ],
              },
            },
          ],
        },
      ],
    });
    expect(calls[0]).not.toHaveProperty("reasoning");
    const parts = await partsOf((await routed.doStream({ ...asked, reasoning: "low" })).stream);
    expect(parts[0]).toEqual({ type: "stream-start", warnings });
    expect(parts).toContainEqual(newer);
    expect((await partsOf((await routed.doStream(asked)).stream))[0]).toEqual(start);
  });

  it.each<[string, LanguageModelV4Prompt]>([
    [
      'files of type "text"',
      [user({ type: "file", mediaType: "text/plain", data: { type: "text", text: "a" } })],
    ],
    ['parts of type "custom"', [{ role: "assistant", content: [{ type: "custom", kind: "a.b" }] }]],
  ])("is passed over for %s, which it does not know", async (what, prompt) => {
    const { model } = createThird();
    const router = routerOver({
      third: fromModel(model),
      capable: createFakeModel([{ type: "text", text: "A" }]),
    });
    const { providerMetadata } = await router.model().doGenerate({ ...hello, prompt });
    expect(providerMetadata?.["atlas"]).toMatchObject({
      candidate: "capable",
      route: { attempts: [{ rejectedFor: "unsupported", message: expect.stringContaining(what) }, {}] },
    });
  });
});

it("carries text only for a model of specification 2, because its tools and files cannot be translated soundly", async () => {
  const second = {
    specificationVersion: "v2",
    provider: "second.chat",
    modelId: "second-1",
    supportedUrls: { "image/*": [/^https:/] },
    doGenerate: async () => ({
      content: [{ type: "text", text: "Ahoy" }],
      finishReason: "stop",
      usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
      warnings: [],
    }),
  } as unknown as LanguageModelV2;
  const router = routerOver({
    second: fromModel(second),
    capable: createFakeModel([{ type: "text", text: "A" }]),
  });
  const answer = await router.model().doGenerate(hello);
  expect(answer).toMatchObject({ content: [{ text: "Ahoy" }], usage: { inputTokens: { total: 1 } } });
  expect(answer.providerMetadata?.["atlas"]).toMatchObject({ candidate: "second", provider: "second" });
  const tools = [{ type: "function" as const, name: "look", inputSchema: {} }];
  const { providerMetadata } = await router.model().doGenerate({ ...hello, tools });
  expect(providerMetadata?.["atlas"]).toMatchObject({ candidate: "capable" });
});
