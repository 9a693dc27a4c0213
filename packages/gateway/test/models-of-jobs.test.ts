import type { LanguageModelV4, LLMMiddleware, LLMRuntime } from "@atlas/llm";
import { fromModel } from "@atlas/llm/ai-sdk";
import type { LLMCall } from "@atlas/llm/module";
import type { WorkflowContext } from "@atlas/plugins";
import type { RoutingConfig } from "@atlas/routing";
import { generateText, jsonSchema, streamText, tool } from "ai";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type AnyExtension,
  createGateway,
  defineExtension,
  type GatewayOptions,
  silentLogger,
} from "../src/index.ts";

type Answer = Awaited<ReturnType<LanguageModelV4["doGenerate"]>>;
type Part =
  Awaited<ReturnType<LanguageModelV4["doStream"]>>["stream"] extends ReadableStream<infer One> ? One : never;

const usage: Answer["usage"] = {
  inputTokens: { total: 7, noCache: 4, cacheRead: 3, cacheWrite: undefined },
  outputTokens: { total: 5, text: 3, reasoning: 2 },
};
const finishReason = { unified: "stop", raw: "stop" } as const;
const ahoy: readonly Part[] = [
  { type: "stream-start", warnings: [] },
  { type: "text-start", id: "1" },
  { type: "text-delta", id: "1", delta: "A" },
  { type: "text-delta", id: "1", delta: "hoy" },
  { type: "text-end", id: "1" },
  { type: "finish", finishReason, usage },
];
const broken = Object.assign(new Error("Overloaded."), { statusCode: 503 });

/** A model that answers, or breaks after some parts, or never goes on. */
function createModel(parts: readonly (Part | Error | "hang")[] = ahoy): LanguageModelV4 {
  return {
    specificationVersion: "v4",
    provider: "fake.chat",
    modelId: "fake-1",
    supportedUrls: {},
    async doGenerate() {
      const failed = parts.find((part) => part instanceof Error);
      if (failed !== undefined) throw failed;
      return { content: [{ type: "text", text: "Ahoy" }], finishReason, usage, warnings: [] };
    },
    async doStream() {
      const left = [...parts];
      const stream = new ReadableStream<Part>(
        {
          pull(controller) {
            const part = left.shift();
            if (part === "hang") return new Promise<void>(() => undefined);
            if (part === undefined) controller.close();
            else if (part instanceof Error) controller.error(part);
            else controller.enqueue(part);
            return undefined;
          },
        },
        { highWaterMark: 0 },
      );
      return { stream };
    },
  };
}

const routing = (candidates: string[] = ["house"], fallback: string[] = []): RoutingConfig => ({
  llm: { profiles: { fast: candidates }, fallback, limits: { retries: 0 } },
});
const house = (parts?: readonly (Part | Error | "hang")[]): Readonly<Record<string, LLMRuntime>> => ({
  house: fromModel(createModel(parts)),
});

async function run(
  work: (ctx: WorkflowContext) => Promise<unknown>,
  options: Partial<GatewayOptions>,
): Promise<{ readonly calls: readonly LLMCall[]; readonly status: string; readonly data: unknown }> {
  const gateway = await createGateway({
    database: ":memory:",
    env: {},
    log: silentLogger,
    ...(options.llm === undefined ? { routing: routing() } : {}),
    ...options,
    workflows: [
      {
        id: "ask.v1",
        async run(ctx) {
          await work(ctx);
          await ctx.emitArtifact({ type: "answer", content_md: "done" });
        },
      },
    ],
  });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  const { id } = await gateway.jobs.create({
    workflow_id: "ask.v1",
    max_attempts: 1,
    context: { correlation_id: "c7" },
  });
  const { status } = await gateway.jobs.wait(id);
  const [artifact] = (await gateway.repo.findArtifacts({ job_id: id })).items;
  return { calls: await gateway.repo.llm.listCalls(id), status, data: artifact?.data };
}

describe("the calls of ctx.model", () => {
  it("are kept with the job, each with its tokens and its route, in their order", async () => {
    const { calls, status, data } = await run(
      async (ctx) => {
        const model = ctx.model("fast");
        expect(model.modelId).toBe("fast");
        expect(await model.supportedUrls).toEqual({});
        expect((await generateText({ model, prompt: "Hello" })).text).toBe("Ahoy");
        expect(await streamText({ model, prompt: "Hello" }).text).toBe("Ahoy");
        await ctx.llm.generateText({ prompt: "Hello" });
      },
      { providers: house() },
    );
    const kept = {
      status: "answered",
      profile: "fast",
      candidate: "house",
      provider: "fake",
      model: "fake-1",
      degraded: false,
      input_tokens: 7,
      output_tokens: 5,
      cached_input_tokens: 3,
      reasoning_tokens: 2,
      correlation_id: "c7",
      tries: [{ candidate: "house", outcome: "answered" }],
      skipped: [],
    };
    expect(status).toBe("succeeded");
    expect(calls).toMatchObject([
      { ...kept, method: "model", number: 1 },
      { ...kept, method: "model_stream", number: 2 },
      { ...kept, method: "text", number: 3 },
    ]);
    expect(data).toBeUndefined();
  });

  it.each<[string, readonly (Part | Error | "hang")[], object]>([
    ["fail at once", [broken], { error_code: "ATLAS_LLM_ALL_FAILED", tries: [{ outcome: "unavailable" }] }],
    [
      "break off",
      [...ahoy.slice(0, 3), broken],
      {
        error_code: "ATLAS_LLM_TRUNCATED",
        tries: [{ outcome: "unavailable", code: "ATLAS_LLM_UNAVAILABLE" }],
      },
    ],
  ])("are kept where they %s", async (_, parts, kept) => {
    const { calls } = await run(
      async (ctx) => {
        const stream = streamText({ model: ctx.model(), prompt: "Hello", onError: () => undefined });
        await stream.consumeStream();
      },
      { providers: house(parts) },
    );
    expect(calls).toMatchObject([{ method: "model_stream", status: "failed", profile: "fast", ...kept }]);
  });

  it("are kept where the reader leaves, and where the caller aborts, also if nobody reads on", async () => {
    const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "Hello" }] }];
    const { calls } = await run(
      async (ctx) => {
        const { stream: left } = await ctx.model().doStream({ prompt });
        await left.cancel();
        const controller = new AbortController();
        await ctx.model().doStream({ prompt, abortSignal: controller.signal });
        controller.abort(new Error("Enough."));
        const answer = ctx.model().doGenerate({ prompt, abortSignal: controller.signal });
        await expect(answer).rejects.toThrow("Enough.");
      },
      { providers: house([...ahoy.slice(0, 3), "hang"]) },
    );
    const failed = { status: "failed", error_code: "AbortError", tries: [{ outcome: "aborted" }] };
    expect(calls).toMatchObject([failed, failed, { status: "failed", error_code: "Error" }]);
    expect(calls).toHaveLength(3);
  });

  it.each<[string, (model: LanguageModelV4) => Promise<unknown>]>([
    ["a whole answer", (model) => generateText({ model, prompt: "Hello" })],
    ["a stream", async (model) => streamText({ model, prompt: "Hello" }).text],
    [
      "the beginning of a stream",
      async (model) => {
        const content = [{ type: "text" as const, text: "Hello" }];
        const { stream } = await model.doStream({ prompt: [{ role: "user", content }] });
        const reader = stream.getReader();
        await reader.read();
        await reader.cancel();
      },
    ],
  ])("mark the artifacts of the job where the mock stood in for %s", async (_, ask) => {
    const { data } = await run((ctx) => ask(ctx.model()), {
      routing: routing(["house"], ["mock"]),
      providers: house([broken]),
    });
    expect(data).toEqual({ degraded: true });
  });

  it("are kept for a single runtime too, whose models nobody routes", async () => {
    const { calls } = await run(
      async (ctx) => {
        await generateText({ model: ctx.model(), prompt: "Hello" });
        await streamText({ model: ctx.model(), prompt: "Hello" }).text;
        await generateText({ model: ctx.llm.languageModel(), prompt: "Hello" });
        const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "Hello" }] }];
        await (await ctx.model().doStream({ prompt })).stream.cancel();
      },
      { llm: fromModel(createModel()) },
    );
    const kept = { status: "answered", provider: "fake", model: "fake-1", input_tokens: 7 };
    expect(calls).toMatchObject([
      kept,
      { ...kept, method: "model_stream" },
      { ...kept, method: "model" },
      { status: "failed", error_code: "AbortError", tries: [] },
    ]);
  });
});

describe("the model of a gateway", () => {
  it("is a profile, and answers through the mock where nothing is configured", async () => {
    const gateway = await createGateway({ database: ":memory:", env: {}, log: silentLogger });
    onTestFinished(() => gateway.stop());
    expect(gateway.model().modelId).toBe("default");
    const { text } = await generateText({ model: gateway.model("fast"), prompt: "Hello" });
    expect(text).toContain("This is the mock model");
  });

  it("cannot bypass a guard of the host or of an extension, however carelessly the guard is written", async () => {
    const guard: LLMMiddleware = (next) => ({
      ...next,
      generateText: () => Promise.reject(new Error("Not allowed.")),
      streamText: () => {
        throw new Error("Not allowed.");
      },
    });
    const passing: LLMMiddleware = (next) => ({
      ...next,
      languageModel: (options) => next.languageModel?.(options) as LanguageModelV4,
    });
    const tools = { look: tool({ inputSchema: jsonSchema<object>({ type: "object" }), execute: () => "" }) };
    const around = defineExtension({ name: "inner", around: () => passing });
    const guarding = defineExtension({ name: "outer", around: () => guard });
    const llm = defineExtension({ name: "guard", llm: () => guard });
    const cases: readonly (readonly [readonly LLMMiddleware[], readonly AnyExtension[]])[] = [
      [[guard, passing], []],
      [[passing, guard], []],
      [[], [llm]],
      [[], [guarding, around]],
      [[], [around, guarding]],
    ];
    for (const [llmMiddleware, extensions] of cases) {
      const gateway = await createGateway({
        database: ":memory:",
        env: {},
        log: silentLogger,
        routing: routing(),
        providers: house(),
        llmMiddleware,
        extensions,
      });
      onTestFinished(() => gateway.stop());
      const model = gateway.model();
      const answer = generateText({ model, prompt: "Hello", maxRetries: 0 });
      await expect(answer).rejects.toThrow("Not allowed.");
      await expect(generateText({ model, prompt: "Hello", tools, maxRetries: 0 })).rejects.toThrow(
        "cannot take tools",
      );
      const stream = streamText({ model, prompt: "Hello", maxRetries: 0, onError: () => undefined });
      await stream.consumeStream();
      await expect(stream.text).rejects.toThrow();
    }
  });
});
