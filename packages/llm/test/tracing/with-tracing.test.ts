import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createFakeClock } from "@atlas/testing";
import {
  type Context,
  type ContextManager,
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  applyMiddleware,
  createStream,
  LLMError,
  type LLMOptions,
  type LLMRuntime,
} from "../../src/index.ts";
import { type TracingOptions, withTracing } from "../../src/tracing/index.ts";
import { createEcho, piecesOf } from "../support/echo.ts";

const exporter = new InMemorySpanExporter();
const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
const tracer = provider.getTracer("test");
const clock = createFakeClock();

beforeAll(() => context.setGlobalContextManager(createContextManager()));
afterEach(() => exporter.reset());
afterAll(async () => {
  context.disable();
  await provider.shutdown();
});

const traced = (runtime: LLMRuntime, options: TracingOptions = {}): LLMRuntime =>
  applyMiddleware(runtime, [withTracing({ tracer, clock, ...options })]);

function onlySpan(): ReadableSpan {
  const spans = exporter.getFinishedSpans();
  expect(spans).toHaveLength(1);
  return spans[0] as ReadableSpan;
}

describe("withTracing", () => {
  it("makes one client span of a call, with the conventions' names", async () => {
    const llm = traced({
      generateText: async () => ({
        text: "Hello",
        provider: "openai-mini",
        model: "gpt-5-mini-2026",
        usage: { inputTokens: 7, outputTokens: 2, cachedInputTokens: 4, reasoningTokens: 1 },
        route: { profile: "fast", candidate: "openai-mini", attempts: [], skipped: [], durationMs: 3 },
        degraded: false,
      }),
    });
    await llm.generateText({
      system: "S",
      prompt: "P",
      model: "gpt-5-mini",
      temperature: 0.5,
      maxTokens: 9,
      json: {},
    });
    const { name, kind, attributes, status, ended } = onlySpan();
    expect({ name, kind, attributes, status, ended }).toEqual({
      name: "chat gpt-5-mini",
      kind: SpanKind.CLIENT,
      status: { code: SpanStatusCode.UNSET },
      ended: true,
      attributes: {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5-mini",
        "gen_ai.request.max_tokens": 9,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.output.type": "json",
        "gen_ai.response.model": "gpt-5-mini-2026",
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 2,
        "gen_ai.usage.cache_read.input_tokens": 4,
        "gen_ai.usage.reasoning.output_tokens": 1,
        "atlas.llm.profile": "fast",
        "atlas.llm.attempts": 0,
        "atlas.llm.degraded": false,
      },
    });
  });

  it.each([
    ["openai.responses", "openai"],
    ["openai-compatible.chat", "openai-compatible.chat"],
    ["anthropic-sonnet", "anthropic"],
    ["google.generative-ai", "gcp.gemini"],
    ["google.vertex.chat", "gcp.vertex_ai"],
    ["vertex", "gcp.vertex_ai"],
    ["bedrock", "aws.bedrock"],
    ["xai.chat", "x_ai"],
    ["groq.chat", "groq"],
    ["mock", "mock"],
  ])("calls the provider %s %s", async (provider, name) => {
    await traced({ generateText: async () => ({ text: "", provider }) }).generateText({ prompt: "?" });
    expect(onlySpan().attributes["gen_ai.provider.name"]).toBe(name);
  });

  it("keeps what was said to itself, unless it is asked for", async () => {
    const asked: LLMOptions = { system: "SECRET1", messages: [{ role: "user", content: "SECRET2" }] };
    await traced(createEcho("SECRET3")).generateText(asked);
    await traced({ generateText: () => Promise.reject(new Error("SECRET4")) })
      .generateText(asked)
      .catch(() => undefined);
    expect(
      JSON.stringify(
        exporter.getFinishedSpans().map(({ attributes, status, events }) => [attributes, status, events]),
      ),
    ).not.toContain("SECRET");
    exporter.reset();
    await traced(createEcho("SECRET3"), { recordContent: true }).generateText(asked);
    const { attributes } = onlySpan();
    expect(JSON.parse(String(attributes["gen_ai.system_instructions"]))).toEqual([
      { type: "text", content: "SECRET1" },
    ]);
    expect(JSON.parse(String(attributes["gen_ai.input.messages"]))).toEqual([
      { role: "user", parts: [{ type: "text", content: "SECRET2" }] },
    ]);
    expect(JSON.parse(String(attributes["gen_ai.output.messages"]))).toEqual([
      { role: "assistant", parts: [{ type: "text", content: "SECRET3" }], finish_reason: "stop" },
    ]);
  });

  it("names the failure by its code or its name, and passes the error on", async () => {
    const details = { provider: "openai" };
    const refused = new LLMError("ATLAS_LLM_RATE_LIMITED", details, "Too many.");
    for (const [error, type] of [
      [refused, "ATLAS_LLM_RATE_LIMITED"],
      [new TypeError("Wrong."), "TypeError"],
      [AbortSignal.abort().reason, "AbortError"],
      ["just a text", "_OTHER"],
    ] as const) {
      const llm = traced({ generateText: () => Promise.reject(error) });
      await expect(llm.generateText({ prompt: "?" })).rejects.toBe(error);
      const { attributes, status, events } = onlySpan();
      expect(attributes["error.type"]).toBe(type);
      expect(attributes["gen_ai.provider.name"]).toBe("atlas");
      expect(status).toEqual({ code: SpanStatusCode.ERROR });
      expect(events).toEqual([]);
      exporter.reset();
    }
  });

  it("is the parent of what runs during the call, streamed or not", async () => {
    const inner = (): void => tracer.startSpan("inner").end();
    const llm = traced({
      async generateText() {
        await Promise.resolve();
        inner();
        return { text: "", provider: "echo" };
      },
      streamText: ({ signal }) =>
        createStream(signal, async (emit) => {
          await Promise.resolve();
          inner();
          await emit("a");
          return { text: "a", provider: "echo" };
        }),
    });
    await llm.generateText({ prompt: "?" });
    await piecesOf(llm.streamText?.({ prompt: "?" }));
    const spans = exporter.getFinishedSpans();
    expect(spans.map(({ name }) => name)).toEqual(["inner", "chat", "inner", "chat"]);
    expect(spans[0]?.parentSpanContext?.spanId).toBe(spans[1]?.spanContext().spanId);
    expect(spans[2]?.parentSpanContext?.spanId).toBe(spans[3]?.spanContext().spanId);
    expect(trace.getActiveSpan()).toBeUndefined();
  });

  it("ends a stream's span when it was read, with the time to its first piece", async () => {
    const llm = traced({
      ...createEcho(),
      streamText: ({ signal }) =>
        createStream(signal, async (emit) => {
          clock.advance(250);
          await emit("a");
          await nextTurn();
          clock.advance(1_000);
          await emit("b");
          return { text: "ab", provider: "echo", usage: { outputTokens: 2 } };
        }),
    });
    expect(await piecesOf(llm.streamText?.({ prompt: "?" }))).toEqual(["a", "b"]);
    expect(onlySpan().attributes).toMatchObject({
      "gen_ai.request.stream": true,
      "gen_ai.response.time_to_first_chunk": 0.25,
      "gen_ai.usage.output_tokens": 2,
    });
  });

  it("ends a stream's span when only the result is awaited", async () => {
    await traced(createEcho()).streamText?.({ prompt: "?" }).result;
    expect(onlySpan().attributes["gen_ai.response.model"]).toBe("echo-1");
  });

  it("ends a stream's span when the stream breaks off, or cannot begin", async () => {
    const truncated = new LLMError("ATLAS_LLM_TRUNCATED", { provider: "echo", text: "a" }, "Broke off.");
    const breaking = traced({
      ...createEcho(),
      streamText: ({ signal }) =>
        createStream(signal, async (emit) => {
          await emit("a");
          throw truncated;
        }),
    });
    await expect(piecesOf(breaking.streamText?.({ prompt: "?" }))).rejects.toBe(truncated);
    expect(onlySpan().attributes["error.type"]).toBe("ATLAS_LLM_TRUNCATED");
    exporter.reset();
    const failing = traced({
      ...createEcho(),
      streamText: () => {
        throw new RangeError("No.");
      },
    });
    await expect(failing.streamText?.({ prompt: "?" }).result).rejects.toThrow("No.");
    expect(onlySpan().attributes["error.type"]).toBe("RangeError");
  });

  it("ends a stream's span when its reader leaves, which is no failure", async () => {
    const stream = traced(endless()).streamText?.({ prompt: "?" });
    for await (const piece of stream?.textStream ?? []) {
      expect(piece).toBe("a");
      break;
    }
    const { attributes, status } = onlySpan();
    expect(attributes["atlas.llm.left_early"]).toBe(true);
    expect(attributes["error.type"]).toBeUndefined();
    expect(status.code).toBe(SpanStatusCode.UNSET);
  });

  it("ends a stream's span when the caller aborts, even if the provider does not listen", async () => {
    const controller = new AbortController();
    const stream = traced(endless()).streamText?.({ prompt: "?", signal: controller.signal });
    const reading = stream?.textStream[Symbol.asyncIterator]();
    expect(await reading?.next()).toEqual({ value: "a", done: false });
    controller.abort(new DOMException("Too slow.", "TimeoutError"));
    const { attributes, status } = onlySpan();
    expect(attributes["error.type"]).toBe("TimeoutError");
    expect(status.code).toBe(SpanStatusCode.ERROR);
  });

  it("uses the registered provider by default, and does not stream where its provider cannot", async () => {
    trace.setGlobalTracerProvider(provider);
    try {
      const llm = withTracing()({ generateText: createEcho().generateText });
      await llm.generateText({ prompt: "?" });
      expect(onlySpan().instrumentationScope.name).toBe("@atlas/llm");
      expect("streamText" in llm).toBe(false);
    } finally {
      trace.disable();
    }
  });
});

/** Gives one piece and then nothing more, and does not listen to its signal. */
function endless(): LLMRuntime {
  return {
    ...createEcho(),
    streamText: () =>
      createStream(undefined, (emit) => {
        void emit("a");
        return new Promise(() => undefined);
      }),
  };
}

/** What OpenTelemetry's package for Node does, in short. */
function createContextManager(): ContextManager {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, fn, thisArg, ...args) => storage.run(active, () => fn.apply(thisArg, args)),
    bind: (_, target) => target,
    enable: () => manager,
    disable: () => {
      storage.disable();
      return manager;
    },
  };
  return manager;
}

it("says in the span whom and what a call belongs to, whole and streamed", async () => {
  const context = {
    actor: "user:ada",
    correlation_id: "request-7",
    tenant: "t1",
    job_id: "j1",
    workflow_id: "ask.v1",
    attempt: 2,
  };
  const llm = traced(createEcho());
  await llm.generateText({ prompt: "Hello", context });
  await piecesOf(llm.streamText?.({ prompt: "Hello", context }));
  const spans = exporter.getFinishedSpans();
  expect(spans).toHaveLength(2);
  for (const { attributes } of spans) {
    expect(attributes).toMatchObject({
      "atlas.actor": "user:ada",
      "atlas.correlation_id": "request-7",
      "atlas.tenant": "t1",
      "atlas.job_id": "j1",
      "atlas.workflow_id": "ask.v1",
      "atlas.attempt": 2,
    });
  }
});

it("ends the span of a stream that its reader left before the first piece", async () => {
  const llm = traced({
    generateText: () => Promise.reject(new Error("not asked")),
    streamText: ({ signal }) =>
      createStream(signal, (_, either) => {
        return new Promise((_resolve, reject) =>
          either.addEventListener("abort", () => reject(either.reason), { once: true }),
        );
      }),
  });
  const stream = llm.streamText?.({ prompt: "Hello" });
  await stream?.textStream[Symbol.asyncIterator]().return?.();
  await expect(stream?.result).rejects.toMatchObject({ name: "AbortError" });
  expect(onlySpan().attributes).toMatchObject({ "atlas.llm.left_early": true });
});
