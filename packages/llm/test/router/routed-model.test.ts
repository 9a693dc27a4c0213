import type { LanguageModelV4CallOptions, LanguageModelV4GenerateResult } from "@ai-sdk/provider";
import { UnsupportedFunctionalityError } from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";
import type { LLMRuntime } from "../../src/index.ts";
import { createMockLLM } from "../../src/mock/mock.ts";
import { answering, createFakeModel, hello, routerOver, stop, usage } from "../support/fake-model.ts";

const text = [{ type: "text" as const, text: "Ahoy" }];
const everything: LanguageModelV4CallOptions = {
  prompt: [
    { role: "system", content: "Be kind.", providerOptions: { anthropic: { cacheControl: "ephemeral" } } },
    {
      role: "user",
      content: [
        { type: "text", text: "What is it?" },
        { type: "file", mediaType: "image/png", data: { type: "data", data: new Uint8Array([1, 2]) } },
      ],
    },
    { role: "assistant", content: [{ type: "reasoning", text: "Hm." }] },
    {
      role: "tool",
      content: [
        { type: "tool-result", toolCallId: "1", toolName: "look", output: { type: "text", value: "red" } },
      ],
    },
  ],
  maxOutputTokens: 9,
  temperature: 0.1,
  stopSequences: ["end"],
  topP: 0.2,
  topK: 3,
  presencePenalty: 0.4,
  frequencyPenalty: 0.5,
  responseFormat: { type: "json", name: "answer" },
  seed: 6,
  tools: [{ type: "function", name: "look", inputSchema: { type: "object" } }],
  toolChoice: { type: "tool", toolName: "look" },
  includeRawChunks: true,
  headers: { "x-trace": "1" },
  reasoning: "high",
  providerOptions: { fake: { beta: true } },
};

describe("a routed model, asked for a whole answer", () => {
  it("passes the call on as it is, and the answer back as it is", async () => {
    const result: LanguageModelV4GenerateResult = {
      content: [
        { type: "reasoning", text: "Hm." },
        { type: "tool-call", toolCallId: "1", toolName: "look", input: "{}" },
        { type: "source", sourceType: "url", id: "s", url: "http://a.example" },
        { type: "file", mediaType: "image/png", data: { type: "data", data: "AA==" } },
      ],
      finishReason: { unified: "tool-calls", raw: "tool_use" },
      usage,
      warnings: [{ type: "unsupported", feature: "seed" }],
      request: { body: "asked" },
      response: { id: "r1", modelId: "fake-1-real", headers: { "x-answer": "1" }, body: { ok: true } },
      providerMetadata: { fake: { said: "so" } },
    };
    const model = createFakeModel(result);
    const { providerMetadata, ...answer } = await routerOver({ house: model }).model().doGenerate(everything);
    const { abortSignal, ...asked } = model.calls[0] ?? hello;
    expect(asked).toEqual(everything);
    expect(abortSignal).toBeInstanceOf(AbortSignal);
    const { providerMetadata: own, ...given } = result;
    expect(answer).toEqual(given);
    expect(providerMetadata).toEqual({
      ...own,
      atlas: {
        candidate: "house",
        provider: "house",
        model: "fake-1-real",
        route: expect.objectContaining({
          attempts: [
            expect.objectContaining({
              outcome: "answered",
              usage: { inputTokens: 7, outputTokens: 5, cachedInputTokens: 3, reasoningTokens: 2 },
            }),
          ],
        }),
      },
    });
  });

  it("is named by its profile", () => {
    const router = routerOver({ house: createFakeModel(text) });
    const { provider, modelId, specificationVersion } = router.model("default");
    expect([provider, modelId, specificationVersion]).toEqual(["atlas", "default", "v4"]);
    expect(router.model().modelId).toBe("default");
  });

  it("fails over, and tells the listener of the whole model", async () => {
    const routes: unknown[] = [];
    const router = routerOver({ first: createFakeModel(answering(500)), second: createFakeModel(text) });
    const model = router.languageModel({ onRoute: (route) => routes.push(route.candidate) });
    const { content, providerMetadata } = await model.doGenerate(hello);
    expect(content).toEqual(text);
    expect(providerMetadata?.["atlas"]).toMatchObject({
      candidate: "second",
      route: { attempts: [{ outcome: "unavailable" }, {}, {}, { candidate: "second", outcome: "answered" }] },
    });
    expect(routes).toEqual(["second"]);
  });

  it("rejects with the route where nobody answers, and with the caller's reason where the caller gave up", async () => {
    const router = routerOver({ house: createFakeModel(answering(401, "Wrong key.")) });
    await expect(router.model().doGenerate(hello)).rejects.toMatchObject({
      code: "ATLAS_LLM_ALL_FAILED",
      route: { attempts: [{ candidate: "house", outcome: "misconfigured" }] },
    });
    const waiting = createFakeModel(
      ({ abortSignal }) =>
        new Promise((_, reject) => {
          abortSignal?.addEventListener("abort", () => reject(abortSignal.reason));
        }),
    );
    const controller = new AbortController();
    const answer = routerOver({ waiting })
      .model()
      .doGenerate({ ...hello, abortSignal: controller.signal });
    await new Promise(setImmediate);
    controller.abort(new Error("Enough."));
    await expect(answer).rejects.toThrow("Enough.");
    expect(waiting.calls[0]?.abortSignal?.aborted).toBe(true);
  });

  it.each<[string, Partial<LanguageModelV4GenerateResult>, string]>([
    ["an error", { content: text, finishReason: { unified: "error", raw: "error" } }, "truncated"],
    [
      "an interruption",
      { content: text, finishReason: { unified: "interrupted", raw: undefined } },
      "truncated",
    ],
    [
      "a word for a failure",
      { content: text, finishReason: { unified: "other", raw: "OTHER" } },
      "truncated",
    ],
    ["an error before any content", { finishReason: { unified: "error", raw: "error" } }, "bad_response"],
    ["nothing", { content: [] }, "bad_response"],
    [
      "empty texts",
      {
        content: [
          { type: "text", text: "" },
          { type: "reasoning", text: "" },
        ],
      },
      "bad_response",
    ],
  ])("fails over after an answer that ended with %s", async (_, result, outcome) => {
    const models = { first: createFakeModel(result), second: createFakeModel(text) };
    const router = routerOver(models, { policy: { retries: 0 } });
    const { providerMetadata } = await router.model().doGenerate(hello);
    expect(providerMetadata?.["atlas"]).toMatchObject({ candidate: "second" });
    expect(providerMetadata?.["atlas"]?.["route"]).toMatchObject({ attempts: [{ outcome }, {}] });
  });

  it.each<[string, Partial<LanguageModelV4GenerateResult>]>([
    ["its length", { content: text, finishReason: { unified: "length", raw: "max_tokens" } }],
    [
      "calls of tools",
      {
        content: [{ type: "tool-call", toolCallId: "1", toolName: "look", input: "{}" }],
        finishReason: { unified: "tool-calls", raw: "tool_calls" },
      },
    ],
    ["reasoning alone", { content: [{ type: "reasoning", text: "Hm." }] }],
    ["an own word", { content: text, finishReason: { unified: "other", raw: "eos" } }],
  ])("takes an answer that ended with %s as complete", async (_, result) => {
    const answer = await routerOver({ house: createFakeModel(result) })
      .model()
      .doGenerate(hello);
    expect(answer).toMatchObject({ finishReason: stop, ...result });
  });

  it("rejects what a content filter stopped, unless the profile names somebody for that", async () => {
    const filtered = { content: text, finishReason: { unified: "content-filter", raw: "refusal" } } as const;
    const models = { first: createFakeModel(filtered), second: createFakeModel(text) };
    await expect(routerOver(models).model().doGenerate(hello)).rejects.toMatchObject({
      code: "ATLAS_LLM_REJECTED",
      retryable: false,
      details: { text: "Ahoy", usage: { inputTokens: 7 } },
    });
    const router = routerOver(models, {
      config: { profiles: { default: { candidates: ["first"], content_filter_fallback: ["second"] } } },
    });
    const { providerMetadata } = await router.model().doGenerate(hello);
    expect(providerMetadata?.["atlas"]).toMatchObject({ candidate: "second" });
  });

  it("shares places, pauses and limits with text calls", async () => {
    const house = createFakeModel(answering(401), text);
    const router = routerOver({ house });
    await expect(router.model().doGenerate(hello)).rejects.toMatchObject({ code: "ATLAS_LLM_ALL_FAILED" });
    await expect(router.generateText({ prompt: "Hello" })).rejects.toThrow(
      "house: skipped, it refused its key",
    );
    expect(house.calls).toHaveLength(1);

    const answer = Promise.withResolvers<never>();
    const busy = createFakeModel(() => answer.promise, text);
    const config = {
      profiles: { default: ["busy", "idle"] },
      providers: { busy: { max_concurrency: 1 }, idle: {} },
    };
    const full = routerOver({ busy, idle: createFakeModel(text) }, { config });
    const first = Promise.resolve(full.model().doGenerate(hello)).catch(() => undefined);
    await new Promise(setImmediate);
    expect((await full.generateText({ prompt: "Hello" })).provider).toBe("idle");
    answer.reject(answering(400));
    await first;
  });

  it("counts the tokens of its prompts against the limit of a service", async () => {
    const config = {
      profiles: { default: ["small", "large"] },
      providers: { small: { tokens_per_minute: 100 }, large: {} },
    };
    const models = { small: createFakeModel(text), large: createFakeModel(text) };
    const router = routerOver(models, { config, policy: { patienceMs: 0 } });
    await router.model().doGenerate({ ...hello, maxOutputTokens: 90 });
    const { providerMetadata } = await router.model().doGenerate({
      prompt: [
        { role: "system", content: "x".repeat(200) },
        { role: "user", content: [{ type: "text", text: "y".repeat(300) }] },
      ],
    });
    expect(providerMetadata?.["atlas"]).toMatchObject({ candidate: "large" });
  });

  it("marks an answer of the mock in place of a model, with a warning", async () => {
    const router = routerOver(
      { house: createFakeModel(answering(401)) },
      { config: { profiles: { default: ["house"], dry: ["mock"] }, fallback: ["mock"] } },
    );
    const { warnings, providerMetadata } = await router.model().doGenerate(hello);
    expect(warnings).toMatchObject([
      { type: "other", message: expect.stringContaining("The mock answered") },
    ]);
    expect(providerMetadata?.["atlas"]).toMatchObject({
      candidate: "mock",
      provider: "mock",
      degraded: true,
    });
    const dry = await routerOver({}, { config: { profiles: { dry: ["mock"] } } })
      .model("dry")
      .doGenerate(hello);
    expect(dry.warnings).toEqual([]);
    expect(dry.providerMetadata?.["atlas"]).not.toHaveProperty("degraded");
  });
});

describe("a routed model over runtimes that carry text only", () => {
  const runtime = (): LLMRuntime => createMockLLM({ script: Array(3).fill("From text.") });

  it("asks them for plain text, and passes them over for anything else, without a pause", async () => {
    const capable = createFakeModel(text);
    const router = routerOver({ plain: runtime(), capable });
    const { content, providerMetadata } = await router.model().doGenerate(hello);
    expect(content).toEqual([{ type: "text", text: "From text." }]);
    expect(providerMetadata?.["atlas"]).toMatchObject({ candidate: "plain", provider: "mock" });
    const { providerMetadata: second } = await router.model().doGenerate(everything);
    expect(second?.["atlas"]).toMatchObject({
      candidate: "capable",
      route: { attempts: [{ candidate: "plain", rejectedFor: "unsupported" }, { outcome: "answered" }] },
    });
    expect(router.explainRoute().candidates[0]?.state).toBe("ready");
    const { stream } = await router.model().doStream(hello);
    expect(await new Response(stream.pipeThrough(texts())).text()).toBe("From text.");
  });

  it("says what nobody can take, and that trying again is of no use", async () => {
    const router = routerOver({ plain: runtime() });
    const tools = everything.tools ?? [];
    await expect(router.model().doGenerate({ ...hello, tools })).rejects.toMatchObject({
      code: "ATLAS_LLM_REJECTED",
      retryable: false,
      message: expect.stringContaining("cannot take tools"),
      route: { attempts: [{ rejectedFor: "unsupported" }] },
    });
    await expect(router.model().doStream({ ...hello, tools })).rejects.toMatchObject({
      code: "ATLAS_LLM_REJECTED",
    });
  });

  it("asks the next one, too, where a package says that it does not support something", async () => {
    const unable = createFakeModel(new UnsupportedFunctionalityError({ functionality: "audio files" }));
    const { providerMetadata } = await routerOver({ unable, capable: createFakeModel(text) })
      .model()
      .doGenerate(hello);
    expect(providerMetadata?.["atlas"]).toMatchObject({ candidate: "capable" });
  });

  it("may succeed later if somebody who can take it is down now", async () => {
    const router = routerOver({ down: createFakeModel(answering(401)), plain: runtime() });
    await expect(
      router.model().doGenerate({ ...hello, tools: everything.tools ?? [] }),
    ).rejects.toMatchObject({ code: "ATLAS_LLM_ALL_FAILED", retryable: true });
  });
});

describe("the URLs that a routed model reads itself", () => {
  const https = /^https:\/\/.*$/;
  const reading = (supportedUrls: Record<string, RegExp[]>) =>
    Object.defineProperty(createFakeModel(text), "supportedUrls", { value: supportedUrls });

  it("are those that every candidate reads", async () => {
    const router = routerOver({
      first: reading({ "image/*": [https, /^gs:/], "application/pdf": [https] }),
      second: reading({ "image/*": [/^https:\/\/.*$/] }),
      plain: createMockLLM(),
    });
    expect(await router.model().supportedUrls).toEqual({ "image/*": [https] });
  });

  it("are also those of a fallback, of a target for rejected requests, and none where one cannot tell", async () => {
    const reads = { "image/*": [https] };
    const models = {
      first: reading(reads),
      other: reading({}),
      broken: reading(Promise.reject(new Error("no")) as never),
    };
    const urls = (profile: object, fallback: string[] = []) =>
      routerOver(models, {
        config: { profiles: { default: { candidates: ["first"], ...profile } }, fallback },
      }).model().supportedUrls;
    expect(await urls({})).toEqual(reads);
    expect(await urls({}, ["other"])).toEqual({});
    expect(await urls({}, ["broken"])).toEqual({});
    expect(await urls({ context_window_fallback: ["other"] })).toEqual({});
    const router = routerOver(models, { config: { profiles: { default: ["first"] } } });
    expect(await router.languageModel({ fallback: ["other"] }).supportedUrls).toEqual({});
    expect(await router.model().supportedUrls).toEqual(reads);
  });

  it("are looked for once, and for an unknown profile each time", async () => {
    const router = routerOver({ first: reading({ "image/*": [https] }) });
    expect(router.model().supportedUrls).toBe(router.model().supportedUrls);
    const unknown = router.model("unknown");
    const first = unknown.supportedUrls;
    await expect(first).rejects.toMatchObject({ code: "ATLAS_ROUTING_PROFILE_UNKNOWN" });
    const second = unknown.supportedUrls;
    expect(second).not.toBe(first);
    await expect(second).rejects.toMatchObject({ code: "ATLAS_ROUTING_PROFILE_UNKNOWN" });
  });

  it("do not depend on a candidate that cannot be asked at all", async () => {
    const config = { profiles: { default: ["first", "openai"] } };
    const router = routerOver({ first: reading({ "image/*": [https] }) }, { config });
    expect(await router.model().supportedUrls).toEqual({ "image/*": [https] });
  });
});

function texts() {
  return new TransformStream<{ type: string; delta?: string }, Uint8Array>({
    transform(part, controller) {
      if (part.type === "text-delta") controller.enqueue(new TextEncoder().encode(part.delta));
    },
  });
}
