import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { createFakeClock, type FakeClock } from "@atlas/testing";
import { MockLanguageModelV4 } from "ai/test";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { fromModel } from "../../src/ai-sdk/index.ts";
import {
  applyMiddleware,
  createLLM,
  createLLMRouter,
  createStream,
  type LLMOptions,
  type LLMRuntime,
  type LLMStream,
} from "../../src/index.ts";

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const never = (): Promise<never> => new Promise(() => undefined);

/** What a runtime was told to end. */
interface Told {
  signal?: AbortSignal | undefined;
}

/** A runtime that says "Ahoy" where it streams, and does not care about any signal. */
const deaf = (told: Told = {}): LLMRuntime => ({
  generateText({ signal }) {
    told.signal = signal;
    return never();
  },
  streamText({ signal }) {
    told.signal = signal;
    return {
      textStream: (async function* () {
        yield "Ahoy";
        await never();
      })(),
      result: never(),
    };
  },
});

/** A model that does the same. */
const deafModel = (told: Told) =>
  new MockLanguageModelV4({
    provider: "house",
    modelId: "house-1",
    doGenerate: ({ abortSignal }) => {
      told.signal = abortSignal;
      return never();
    },
    doStream: async ({ abortSignal }) => {
      told.signal = abortSignal;
      const stream = new ReadableStream<LanguageModelV4StreamPart>({
        start: (controller) => controller.enqueue({ type: "text-delta", id: "1", delta: "Ahoy" }),
      });
      return { stream };
    },
  });

interface Case {
  readonly open: (clock: FakeClock, told: Told) => Required<LLMRuntime>;
  readonly provider: string;
}

const cases: readonly [string, Case][] = [
  [
    "a runtime that does not follow its signal",
    { provider: "unnamed", open: (clock, told) => createLLM(deaf(told), { clock }) },
  ],
  [
    "such a runtime with middleware",
    {
      provider: "unnamed",
      open: (clock, told) => createLLM(applyMiddleware(deaf(told), [(next) => ({ ...next })]), { clock }),
    },
  ],
  [
    "a model of the AI SDK",
    { provider: "house", open: (clock, told) => fromModel(deafModel(told), { clock }) },
  ],
  [
    "a model of the AI SDK in createLLM",
    {
      provider: "unnamed",
      open: (clock, told) => createLLM(fromModel(deafModel(told), { clock }), { clock }),
    },
  ],
];

describe.each(cases)("the deadline of a call to %s", (_, { open, provider }) => {
  const call: LLMOptions = { prompt: "Hello", deadlineMs: 2_000 };

  it("ends it, and tells it to end", async () => {
    const clock = createFakeClock();
    const told: Told = {};
    const answer = open(clock, told).generateText(call);
    await settle();
    clock.advance(1_999);
    await settle();
    expect(told.signal?.aborted).toBe(false);
    clock.advance(1);
    await expect(answer).rejects.toMatchObject({
      code: "ATLAS_LLM_TIMED_OUT",
      retryable: true,
      details: { provider },
      message: expect.stringContaining("did not answer within the deadline of the call, 2000 ms"),
    });
    expect(told.signal?.reason).toMatchObject({ name: "TimeoutError" });
    expect(clock.timers).toBe(0);
  });

  it("ends its stream, with what had come", async () => {
    const clock = createFakeClock();
    const told: Told = {};
    const { textStream, result } = open(clock, told).streamText(call);
    const pieces = textStream[Symbol.asyncIterator]();
    expect(await pieces.next()).toEqual({ done: false, value: "Ahoy" });
    const awaited = pieces.next();
    clock.advance(2_000);
    const error = { code: "ATLAS_LLM_TRUNCATED", details: { provider, text: "Ahoy" } };
    await expect(awaited).rejects.toMatchObject(error);
    await expect(result).rejects.toMatchObject(error);
    expect(told.signal?.aborted).toBe(true);
    expect(clock.timers).toBe(0);
  });

  it("is no concern of a caller who gives up before it, and gets the own reason back", async () => {
    const clock = createFakeClock();
    const told: Told = {};
    const llm = open(clock, told);
    const caller = new AbortController();
    const { signal } = caller;
    const answers = [llm.generateText({ ...call, signal }), llm.streamText({ ...call, signal }).result];
    await settle();
    caller.abort(new Error("enough"));
    for (const answer of answers) await expect(answer).rejects.toThrow("enough");
    expect(told.signal?.aborted).toBe(true);
    expect(clock.timers).toBe(0);
    await expect(llm.generateText({ ...call, signal })).rejects.toThrow("enough");
    expect(clock.timers).toBe(0);
  });
});

describe("the deadline of createLLM", () => {
  const quick: LLMRuntime = { generateText: async () => ({ text: '{"n":1}', provider: "quick" }) };

  it("is two minutes for whoever names none, and can be set", async () => {
    const clock = createFakeClock();
    for (const [llm, deadlineMs] of [
      [createLLM(deaf(), { clock }), 120_000],
      [createLLM(deaf(), { clock, deadlineMs: 500 }), 500],
    ] as const) {
      const answers: Promise<unknown>[] = [
        llm.generateText({ prompt: "?" }),
        llm.streamText({ prompt: "?" }).result,
      ];
      await settle();
      clock.advance(deadlineMs - 1);
      expect(clock.timers).toBe(2);
      clock.advance(1);
      for (const answer of answers) await expect(answer).rejects.toThrow(`${deadlineMs} ms`);
    }
  });

  it("leaves no timer behind an answer, a failure, an object or a reader who has left", async () => {
    const clock = createFakeClock();
    const llm = createLLM(quick, { clock });
    const { signal } = new AbortController();
    await llm.generateText({ prompt: "?", signal });
    await llm.generateObject({ prompt: "?", schema: z.object({ n: z.number() }) });
    expect((await llm.streamText({ prompt: "?" }).result).provider).toBe("quick");
    const down = createLLM({ generateText: () => Promise.reject(new Error("down")) }, { clock });
    await expect(down.generateText({ prompt: "?" })).rejects.toThrow("down");
    const throwing: LLMRuntime = {
      generateText: () => {
        throw new Error("at once");
      },
    };
    await expect(createLLM(throwing, { clock }).generateText({ prompt: "?" })).rejects.toThrow("at once");
    const { textStream, result } = createLLM(deaf(), { clock }).streamText({ prompt: "?" });
    for await (const _ of textStream) break;
    await expect(result).rejects.toMatchObject({ name: "AbortError" });
    expect(clock.timers).toBe(0);
  });

  it("bounds each of the two calls of an object", async () => {
    const clock = createFakeClock();
    const object = createLLM(deaf(), { clock }).generateObject({
      prompt: "?",
      schema: z.object({ n: z.number() }),
      deadlineMs: 700,
    });
    await settle();
    clock.advance(700);
    await expect(object).rejects.toMatchObject({ code: "ATLAS_LLM_TIMED_OUT" });
  });

  it("leaves the deadline of a router to the router, with its evidence", async () => {
    const clock = createFakeClock();
    const router = createLLMRouter({
      config: { profiles: { fast: ["house"] } },
      providers: { house: deaf() },
      clock,
    });
    const around = applyMiddleware(router, [(next) => ({ ...next })]);
    for (const llm of [createLLM(router, { clock }), createLLM(createLLM(around, { clock }), { clock })]) {
      const answer = llm.generateText({ prompt: "?", deadlineMs: 1_000 });
      await settle();
      expect(clock.timers).toBe(2); // of the router: the call's and the attempt's
      clock.advance(1_000);
      await expect(answer).rejects.toMatchObject({
        code: "ATLAS_LLM_ALL_FAILED",
        route: { attempts: [{ outcome: "timed_out" }] },
      });
    }
  });
});

describe("a stream of a runtime of one's own", () => {
  const pieces = (...list: readonly string[]) =>
    (async function* () {
      yield* list;
    })();
  const streaming = (stream: LLMStream): LLMRuntime => ({ generateText: never, streamText: () => stream });

  it("ends no process when its iteration and its result fail", async () => {
    const failing = (): LLMRuntime =>
      streaming({
        textStream: (async function* () {
          yield "Ahoy";
          throw new Error("broken");
        })(),
        result: Promise.reject(new Error("broken too")),
      });
    const router = createLLMRouter({ providers: { house: failing() } });
    for (const llm of [createLLM(failing()), createLLM(router)]) {
      const { textStream } = llm.streamText({ prompt: "?" });
      const read: string[] = [];
      await expect(
        (async () => {
          for await (const piece of textStream) read.push(piece);
        })(),
      ).rejects.toThrow("broken");
      expect(read).toEqual(["Ahoy"]);
    }
    await settle();
  });

  it("ends at once for a reader who leaves while it waits, whatever the runtime does", async () => {
    const told: Told = {};
    const { textStream, result } = createLLM(deaf(told)).streamText({ prompt: "?" });
    const iterator = textStream[Symbol.asyncIterator]();
    await iterator.next();
    const awaited = iterator.next();
    await iterator.return?.();
    expect((await awaited).done).toBe(true);
    await expect(result).rejects.toMatchObject({ name: "AbortError" });
    expect(told.signal?.aborted).toBe(true);
  });

  it("is left by whoever has given it up, so that it can tidy up", async () => {
    const clock = createFakeClock();
    let hasTidied = false;
    let goOn = (): void => undefined;
    const runtime = streaming({
      textStream: (async function* () {
        try {
          yield "Ahoy";
          await new Promise<void>((resolve) => {
            goOn = resolve;
          });
          yield "late";
          await never();
        } finally {
          hasTidied = true;
        }
      })(),
      result: never(),
    });
    const { textStream, result } = createLLM(runtime, { clock }).streamText({ prompt: "?", deadlineMs: 5 });
    const iterator = textStream[Symbol.asyncIterator]();
    await iterator.next();
    await settle();
    clock.advance(5);
    await expect(result).rejects.toMatchObject({ code: "ATLAS_LLM_TRUNCATED" });
    goOn();
    await settle();
    expect(hasTidied).toBe(true);
  });

  it("may begin with empty pieces, which let a router go on to the next candidate", async () => {
    const broken: LLMRuntime = {
      generateText: never,
      streamText: () => ({
        textStream: (async function* () {
          yield "";
          throw new Error("broken");
        })(),
        result: never(),
      }),
    };
    const sound = streaming({
      textStream: pieces("", "Ahoy", "", " there"),
      result: Promise.resolve({ text: "Ahoy there", provider: "sound" }),
    });
    const router = createLLMRouter({
      config: { profiles: { fast: ["broken", "sound"] } },
      providers: { broken, sound },
    });
    const { textStream, result } = createLLM(router).streamText({ prompt: "?" });
    const read: string[] = [];
    for await (const piece of textStream) read.push(piece);
    expect(read).toEqual(["Ahoy", " there"]);
    expect((await result).route?.attempts.map(({ outcome }) => outcome)).toEqual(["failed", "answered"]);
  });

  it("is held up by a slow reader through the router", async () => {
    let emitted = 0;
    const endless: LLMRuntime = {
      generateText: never,
      streamText: ({ signal }) =>
        createStream(signal, async (emit) => {
          for (;;) {
            await emit("x".repeat(1_024));
            emitted += 1;
          }
        }),
    };
    const { textStream } = createLLM(createLLMRouter({ providers: { endless } })).streamText({ prompt: "?" });
    const iterator = textStream[Symbol.asyncIterator]();
    await iterator.next();
    for (let turns = 0; turns < 5; turns += 1) await settle();
    expect(emitted).toBeGreaterThan(100);
    expect(emitted).toBeLessThan(140); // 64 KiB in each of the two layers
    await iterator.return?.();
  });
});
