import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { createFakeClock } from "@atlas/testing";
import { MockLanguageModelV4 } from "ai/test";
import { describe, expect, it } from "vitest";
import { fromModel, toModel } from "../../src/ai-sdk/index.ts";
import { createLLMRouter, createStream, type LLMRuntime } from "../../src/index.ts";

type Parts = ReadableStream<LanguageModelV4StreamPart>;

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const text = (delta: string): LanguageModelV4StreamPart => ({ type: "text-delta", id: "1", delta });

/** A stream that holds these parts and does not end, and what it was cancelled with. */
function open(
  parts: readonly LanguageModelV4StreamPart[],
  cancel: () => void | Promise<void> = () => undefined,
) {
  const reasons: unknown[] = [];
  const stream: Parts = new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(part);
    },
    cancel(reason) {
      reasons.push(reason);
      return cancel();
    },
  });
  return { stream, reasons };
}

/** A router with one place over a model that streams so, and whether that place is free. */
function setUp(doStream: () => PromiseLike<{ stream: Parts }>) {
  const model = new MockLanguageModelV4({ provider: "house", modelId: "house-1", doStream });
  const clock = createFakeClock();
  const router = createLLMRouter({
    config: { profiles: { fast: ["house"] }, limits: { retries: 0 } },
    providers: { house: fromModel(model, { clock }) },
    policy: { maxConcurrency: 1 },
    clock,
  });
  const isFree = (): boolean => router.explainRoute("fast").candidates[0]?.state === "ready";
  return { model, clock, router, isFree };
}

describe("a stream of a model", () => {
  it("is not asked for when the caller has given up already", async () => {
    const { model, router, isFree } = setUp(async () => open([]));
    const signal = AbortSignal.abort(new Error("enough"));
    const direct = fromModel(model);
    await expect(direct.streamText({ prompt: "?", signal }).result).rejects.toThrow("enough");
    await expect(direct.generateText({ prompt: "?", signal })).rejects.toThrow("enough");
    await expect(router.streamText({ prompt: "?", signal }).result).rejects.toThrow("enough");
    expect([model.doStreamCalls, model.doGenerateCalls]).toEqual([[], []]);
    expect(isFree()).toBe(true);
  });

  it("that comes after the reader has left is cancelled", async () => {
    const { stream, reasons } = open([text("late")]);
    const asked = Promise.withResolvers<{ stream: Parts }>();
    const { router, isFree, clock } = setUp(() => asked.promise);
    const { textStream, result } = router.streamText({ prompt: "?" });
    await settle();
    await textStream[Symbol.asyncIterator]().return?.();
    await expect(result).rejects.toMatchObject({ name: "AbortError" });
    expect(isFree()).toBe(true);
    asked.resolve({ stream });
    await settle();
    expect(reasons).toHaveLength(1);
    expect(clock.timers).toBe(0);
  });

  it("that is refused after the reader has left ends no process", async () => {
    const asked = Promise.withResolvers<{ stream: Parts }>();
    const caller = new AbortController();
    const { router } = setUp(() => {
      caller.abort(new Error("enough"));
      return asked.promise;
    });
    const { result } = router.streamText({ prompt: "?", signal: caller.signal });
    await expect(result).rejects.toThrow("enough");
    asked.reject(new Error("refused"));
    await settle();
  });

  it("is cancelled between two of its parts, with the caller's reason", async () => {
    const { stream, reasons } = open([text("Ahoy"), text(" there")]);
    const { router, isFree, clock } = setUp(async () => ({ stream }));
    const caller = new AbortController();
    const { textStream, result } = router.streamText({ prompt: "?", signal: caller.signal });
    const pieces = textStream[Symbol.asyncIterator]();
    await pieces.next();
    caller.abort(new Error("enough"));
    await expect(result).rejects.toThrow("enough");
    await settle();
    expect(reasons).toEqual([new Error("enough")]);
    expect(isFree()).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it.each<[string, () => void | Promise<void>]>([
    ["throws", () => Promise.reject(new Error("cannot end"))],
    ["never comes back", () => new Promise(() => undefined)],
  ])("whose end %s gives its place back all the same", async (_, cancel) => {
    const left = open([text("Ahoy")], cancel);
    const failing = open([text("Ahoy"), { type: "error", error: new Error("broken") }], cancel);
    for (const { stream, reasons } of [left, failing]) {
      const { router, isFree, clock } = setUp(async () => ({ stream }));
      const { textStream, result } = router.streamText({ prompt: "?" });
      for await (const _ of textStream) break;
      await expect(result).rejects.toThrow();
      await settle();
      expect(reasons).toHaveLength(1);
      expect(isFree()).toBe(true);
      expect(clock.timers).toBe(0);
    }
  });

  it("that says that it failed is ended", async () => {
    const { stream, reasons } = open([{ type: "error", error: new Error("broken") }, text("late")]);
    const { router } = setUp(async () => ({ stream }));
    await expect(router.streamText({ prompt: "?" }).result).rejects.toThrow("broken");
    expect(reasons).toHaveLength(1);
  });

  it("that somebody else reads already has failed", async () => {
    const { stream } = open([text("Ahoy")]);
    stream.getReader();
    const { router, isFree } = setUp(async () => ({ stream }));
    await expect(router.streamText({ prompt: "?" }).result).rejects.toMatchObject({
      code: "ATLAS_LLM_ALL_FAILED",
      message: expect.stringMatching(/locked/),
    });
    expect(isFree()).toBe(true);
  });

  it("that nobody reads ends with its answer or with its deadline, and gives its place back", async () => {
    const { router, isFree, clock } = setUp(async () =>
      open(Array.from({ length: 100 }, () => text("x".repeat(1_024)))),
    );
    router.streamText({ prompt: "?", deadlineMs: 5_000 });
    await settle();
    expect(isFree()).toBe(false);
    clock.advance(5_000);
    await settle();
    expect(isFree()).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it("commits to no candidate by an empty part", async () => {
    const usage = {
      inputTokens: { total: 1, noCache: 1, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: 1, text: 1, reasoning: undefined },
    };
    const finishReason = { unified: "stop", raw: "stop" } as const;
    const broken = new MockLanguageModelV4({
      doStream: async () => open([text(""), { type: "error", error: new Error("broken") }]),
    });
    const sound = new MockLanguageModelV4({
      doStream: async () => ({
        stream: new ReadableStream({
          start(controller) {
            for (const part of [text(""), text("Ahoy")]) controller.enqueue(part);
            controller.enqueue({ type: "finish", finishReason, usage });
            controller.close();
          },
        }),
      }),
    });
    const router = createLLMRouter({
      config: { profiles: { fast: ["broken", "sound"] } },
      providers: { broken: fromModel(broken), sound: fromModel(sound) },
    });
    expect((await router.streamText({ prompt: "?" }).result).route?.candidate).toBe("sound");
  });

  it("that falls silent is noticed in its own time, also where it may take longer to begin", async () => {
    const clock = createFakeClock();
    const model = new MockLanguageModelV4({ doStream: async () => open([text("Ahoy")]) });
    const { result } = fromModel(model, { clock, firstPartMs: 60_000, idleMs: 5_000 }).streamText({
      prompt: "?",
    });
    await settle();
    clock.advance(4_999);
    await settle();
    expect(clock.timers).toBe(1);
    clock.advance(1);
    await expect(result).rejects.toThrow("within 5000 ms");
    expect(clock.timers).toBe(0);
  });
});

describe("a runtime as a model of the AI SDK", () => {
  const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "Hello" }] }];

  it("ends at once when its stream is cancelled while a piece is awaited, whatever the runtime does", async () => {
    let signal: AbortSignal | undefined;
    const deaf: LLMRuntime = {
      generateText: () => new Promise(() => undefined),
      streamText: (call) => {
        signal = call.signal;
        return {
          textStream: (async function* () {
            yield "Ahoy";
            await new Promise(() => undefined);
          })(),
          result: new Promise(() => undefined),
        };
      },
    };
    const caller = new AbortController();
    const { stream } = await toModel(deaf).doStream({ prompt, abortSignal: caller.signal });
    const reader = stream.getReader();
    for (let part = await reader.read(); part.value?.type !== "text-delta"; ) part = await reader.read();
    const awaited = reader.read();
    await reader.cancel(new Error("seen enough"));
    expect((await awaited).done).toBe(true);
    expect(signal?.reason).toEqual(new Error("seen enough"));
    expect(caller.signal.aborted).toBe(false);
  });

  it("passes the caller's abort on", async () => {
    const waiting: LLMRuntime = {
      generateText: () => new Promise(() => undefined),
      streamText: (call) =>
        createStream(
          call.signal,
          (_, signal) =>
            new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
        ),
    };
    const caller = new AbortController();
    const asked = toModel(waiting).doStream({ prompt, abortSignal: caller.signal });
    caller.abort(new Error("enough"));
    await expect(asked).rejects.toThrow("enough");
  });

  it("rejects where the runtime fails behind empty pieces", async () => {
    const broken: LLMRuntime = {
      generateText: () => new Promise(() => undefined),
      streamText: () => ({
        textStream: (async function* () {
          yield "";
          yield "";
          throw new Error("broken");
        })(),
        result: new Promise(() => undefined),
      }),
    };
    await expect(toModel(broken).doStream({ prompt })).rejects.toThrow("broken");
  });
});
