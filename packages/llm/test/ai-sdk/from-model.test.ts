import {
  APICallError,
  type LanguageModelV2,
  type LanguageModelV2StreamPart,
  type LanguageModelV4StreamPart,
  UnsupportedFunctionalityError,
} from "@ai-sdk/provider";
import { createFakeClock } from "@atlas/testing";
import { RetryError } from "ai";
import { convertArrayToReadableStream, MockLanguageModelV3, MockLanguageModelV4 } from "ai/test";
import { describe, expect, it } from "vitest";
import { fromModel, type LanguageModel } from "../../src/ai-sdk/index.ts";
import type { LLMError } from "../../src/index.ts";

const usage = {
  inputTokens: { total: 9, noCache: 6, cacheRead: 3, cacheWrite: undefined },
  outputTokens: { total: 4, text: 3, reasoning: 1 },
};
const flatUsage = {
  inputTokens: 9,
  outputTokens: 4,
  totalTokens: 13,
  cachedInputTokens: 3,
  reasoningTokens: 1,
};
const stop = { unified: "stop", raw: "end" } as const;
const content = [
  { type: "reasoning", text: "Hm." } as const,
  { type: "text", text: "Ahoy" } as const,
  { type: "text", text: " there" } as const,
];
const deltas = ["Ahoy", " there"].map((delta) => ({ type: "text-delta", id: "1", delta }) as const);

const models: readonly [string, () => LanguageModel][] = [
  [
    "V4",
    () =>
      new MockLanguageModelV4({
        provider: "house.chat",
        modelId: "house-1",
        doGenerate: { content, finishReason: stop, usage, warnings: [] },
        doStream: {
          stream: convertArrayToReadableStream([
            { type: "stream-start", warnings: [] },
            ...deltas,
            { type: "finish", finishReason: stop, usage },
          ]),
        },
      }),
  ],
  [
    "V3",
    () =>
      new MockLanguageModelV3({
        provider: "house.chat",
        modelId: "house-1",
        doGenerate: { content, finishReason: stop, usage, warnings: [] },
        doStream: {
          stream: convertArrayToReadableStream([
            { type: "stream-start", warnings: [] },
            ...deltas,
            { type: "finish", finishReason: stop, usage },
          ]),
        },
      }),
  ],
  [
    "V2",
    (): LanguageModelV2 => ({
      specificationVersion: "v2",
      provider: "house.chat",
      modelId: "house-1",
      supportedUrls: {},
      doGenerate: async () => ({
        content: [...content],
        finishReason: "stop",
        usage: flatUsage,
        warnings: [],
      }),
      doStream: async () => ({
        stream: convertArrayToReadableStream<LanguageModelV2StreamPart>([
          { type: "stream-start", warnings: [] },
          ...deltas,
          { type: "finish", finishReason: "stop", usage: flatUsage },
        ]),
      }),
    }),
  ],
];

const answer = {
  text: "Ahoy there",
  provider: "house",
  model: "house-1",
  usage: { inputTokens: 9, outputTokens: 4, cachedInputTokens: 3, reasoningTokens: 1 },
  finishReason: "stop",
};

describe.each(models)("a model of specification %s", (_, open) => {
  it("answers whole", async () => {
    expect(await fromModel(open()).generateText({ prompt: "Hello" })).toEqual(answer);
  });

  it("answers in pieces", async () => {
    const { textStream, result } = fromModel(open()).streamText({ prompt: "Hello" });
    const pieces: string[] = [];
    for await (const piece of textStream) pieces.push(piece);
    expect(pieces).toEqual(["Ahoy", " there"]);
    expect(await result).toEqual(answer);
  });
});

it("asks the model once, with what was asked", async () => {
  const model = new MockLanguageModelV4({
    doGenerate: { content, finishReason: stop, usage, warnings: [] },
  });
  const { signal } = new AbortController();
  await fromModel(model).generateText({
    system: "Kind.",
    messages: [{ role: "user", content: "Hello" }],
    temperature: 0,
    maxTokens: 7,
    json: { schema: { type: "object" } },
    signal,
  });
  expect(model.doGenerateCalls).toEqual([
    {
      prompt: [
        { role: "system", content: "Kind." },
        { role: "user", content: [{ type: "text", text: "Hello" }] },
      ],
      temperature: 0,
      maxOutputTokens: 7,
      responseFormat: { type: "json", schema: { type: "object" }, name: "answer" },
      // The schema is open, which strict mode refuses.
      providerOptions: {
        openai: { strictJsonSchema: false },
        openaiCompatible: { strictJsonSchema: false },
      },
      abortSignal: signal,
    },
  ]);
});

describe("what a model throws", () => {
  const call = { url: "http://house.example", requestBodyValues: { key: "canary-1234" } };
  const refusing = (error: unknown) =>
    new MockLanguageModelV4({
      provider: "house",
      modelId: "house-1",
      doGenerate: async () => {
        throw error;
      },
    });
  const failed = async (error: unknown): Promise<LLMError> => {
    const runtime = fromModel(refusing(error), { secrets: ["canary-1234"] });
    return runtime.generateText({ prompt: "Hello" }).then(
      () => Promise.reject(new Error("It answered.")),
      (thrown: LLMError) => thrown,
    );
  };

  it.each<[string, unknown, string, object]>([
    [
      "a status with the provider's own word",
      new APICallError({
        ...call,
        message: "Too long for canary-1234",
        statusCode: 400,
        data: { error: { code: "context_length_exceeded" } },
      }),
      "ATLAS_LLM_REJECTED",
      { status: 400, providerCode: "context_length_exceeded" },
    ],
    [
      "no credit, which is no rate limit",
      new APICallError({
        ...call,
        message: "You exceeded your current quota",
        statusCode: 429,
        data: { error: { code: "insufficient_quota" } },
      }),
      "ATLAS_LLM_MISCONFIGURED",
      { status: 429 },
    ],
    [
      "the last of several tries",
      new RetryError({
        message: "tried",
        reason: "maxRetriesExceeded",
        errors: [
          new APICallError({
            ...call,
            message: "Busy",
            statusCode: 429,
            responseHeaders: { "retry-after": "3" },
          }),
        ],
      }),
      "ATLAS_LLM_RATE_LIMITED",
      { status: 429, retryAfterMs: 3_000 },
    ],
    [
      "the error of another client",
      Object.assign(new Error("Overloaded"), {
        status: 529,
        headers: new Headers({ "retry-after-ms": "5" }),
      }),
      "ATLAS_LLM_UNAVAILABLE",
      { status: 529, retryAfterMs: 5 },
    ],
    [
      "a function that the model does not have",
      new UnsupportedFunctionalityError({ functionality: "json" }),
      "ATLAS_LLM_REJECTED",
      {},
    ],
    [
      "the words of a refusal that a redaction hides",
      new APICallError({ ...call, message: "API key: insufficient_quota", statusCode: 429 }),
      "ATLAS_LLM_MISCONFIGURED",
      { status: 429 },
    ],
    ["a timeout of its own", new DOMException("slow", "TimeoutError"), "ATLAS_LLM_TIMED_OUT", {}],
    ["an error of no known kind", new Error("Bearer abc is odd"), "ATLAS_LLM_FAILED", {}],
    ["no error at all", null, "ATLAS_LLM_FAILED", {}],
  ])("%s", async (_, thrown, code, details) => {
    const error = await failed(thrown);
    expect(error).toMatchObject({ code, details: { provider: "house", model: "house-1", ...details } });
    expect(error.cause).toBeUndefined();
    expect(`${error.message}${JSON.stringify(error)}`).not.toMatch(/canary-1234|Bearer abc/);
  });
});

describe("a stream of a model", () => {
  const streaming = (parts: LanguageModelV4StreamPart[]) =>
    fromModel(
      new MockLanguageModelV4({
        provider: "house",
        modelId: "house-1",
        doStream: { stream: convertArrayToReadableStream(parts) },
      }),
    ).streamText({ prompt: "Hello" }).result;

  it.each<[string, LanguageModelV4StreamPart[], string]>([
    ["ends without an end", [...deltas], "ATLAS_LLM_TRUNCATED"],
    [
      "says that it was interrupted",
      [...deltas, { type: "finish", finishReason: { unified: "interrupted", raw: undefined }, usage }],
      "ATLAS_LLM_TRUNCATED",
    ],
    [
      "fails after it has begun",
      [...deltas, { type: "error", error: { message: "server_error", type: "overloaded_error" } }],
      "ATLAS_LLM_UNAVAILABLE",
    ],
    ["holds nothing", [], "ATLAS_LLM_BAD_RESPONSE"],
    [
      "asks for a tool that nobody offered",
      [{ type: "finish", finishReason: { unified: "tool-calls", raw: "tool" }, usage }],
      "ATLAS_LLM_BAD_RESPONSE",
    ],
  ])("that %s", async (_, parts, code) => {
    await expect(streaming(parts)).rejects.toMatchObject({ code });
  });

  it("that does not begin within 30 s is ended, and the model told", async () => {
    const clock = createFakeClock();
    let aborted = false;
    const model = new MockLanguageModelV4({
      doStream: ({ abortSignal }) => {
        abortSignal?.addEventListener("abort", () => {
          aborted = true;
        });
        return new Promise(() => undefined);
      },
    });
    const { result } = fromModel(model, { clock }).streamText({ prompt: "Hello" });
    await Promise.resolve();
    clock.advance(30_000);
    await expect(result).rejects.toMatchObject({ code: "ATLAS_LLM_TIMED_OUT" });
    expect(aborted).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it("that waits for a slow reader is not one that pauses", async () => {
    const clock = createFakeClock();
    const model = new MockLanguageModelV4({
      provider: "house",
      modelId: "house-1",
      doStream: {
        stream: convertArrayToReadableStream<LanguageModelV4StreamPart>([
          ...Array.from(
            { length: 5 },
            () => ({ type: "text-delta", id: "1", delta: "x".repeat(30_000) }) as const,
          ),
          { type: "finish", finishReason: stop, usage },
        ]),
      },
    });
    const { textStream, result } = fromModel(model, { clock }).streamText({ prompt: "Hello" });
    const pieces = textStream[Symbol.asyncIterator]();
    let length = (await pieces.next()).value?.length ?? 0;
    for (let pause = 0; pause < 4; pause += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(29_999);
    }
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
      length += next.value.length;
    }
    expect(length).toBe(150_000);
    expect((await result).usage).toMatchObject({ outputTokens: 4 });
    expect(clock.timers).toBe(0);
  });

  it("that pauses after a slow reader has caught up is ended all the same", async () => {
    const clock = createFakeClock();
    const model = new MockLanguageModelV4({
      doStream: {
        stream: new ReadableStream<LanguageModelV4StreamPart>({
          start: (controller) => {
            for (const delta of ["x".repeat(70_000), "y"]) {
              controller.enqueue({ type: "text-delta", id: "1", delta });
            }
          },
        }),
      },
    });
    const { textStream, result } = fromModel(model, { clock }).streamText({ prompt: "Hello" });
    const pieces = textStream[Symbol.asyncIterator]();
    await pieces.next();
    await pieces.next();
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(60_000);
    await expect(result).rejects.toMatchObject({ code: "ATLAS_LLM_TIMED_OUT" });
    expect(clock.timers).toBe(0);
  });

  it("that fails says what it cost all the same", async () => {
    const finishReason = { unified: "content-filter", raw: "safety" } as const;
    await expect(streaming([...deltas, { type: "finish", finishReason, usage }])).rejects.toMatchObject({
      code: "ATLAS_LLM_REJECTED",
      details: { usage: { inputTokens: 9, outputTokens: 4 } },
    });
  });
});

it("a runtime makes its model once for the same options, and another one for others", () => {
  const model = new MockLanguageModelV4({ provider: "house.chat", modelId: "house-1" });
  const runtime = fromModel(model);
  const options = { model: "house-2" };
  const made = runtime.languageModel(options);
  expect(runtime.languageModel(options)).toBe(made);
  expect(made.modelId).toBe("house-2");
  expect(runtime.languageModel({ model: "house-3" }).modelId).toBe("house-3");
  expect(runtime.languageModel().modelId).toBe("house-1");
  expect(fromModel(model).languageModel(options)).not.toBe(made);
});
