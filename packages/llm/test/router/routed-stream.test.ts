import { createFakeClock } from "@atlas/testing";
import { describe, expect, it } from "vitest";
import { fromModel } from "../../src/ai-sdk/index.ts";
import type { LLMRouterOptions, LLMRuntime } from "../../src/index.ts";
import {
  answering,
  createFakeModel,
  delta,
  finish,
  hanging,
  hello,
  type Part,
  partsOf,
  type Reaction,
  routerOver,
  type Step,
  saying,
  start,
  stop,
  streamOf,
  usage,
} from "../support/fake-model.ts";

const open = (reactions: Readonly<Record<string, Reaction>>, options: Partial<LLMRouterOptions> = {}) => {
  const models = Object.fromEntries(
    Object.entries(reactions).map(([name, reaction]) => [name, createFakeModel(reaction)]),
  );
  const router = routerOver(models, { policy: { retries: 0 }, ...options });
  return { router, models, doStream: (call = hello) => router.model().doStream(call) };
};
const atlas = (parts: readonly Part[]) =>
  parts.find((part) => part.type === "finish")?.providerMetadata?.["atlas"];
const full = { config: { profiles: { default: ["house"] }, providers: { house: { max_concurrency: 1 } } } };

describe("a routed model, asked for a stream", () => {
  it("passes every part on in its order, and adds the evidence to the last one", async () => {
    const own = { fake: { said: "so" } };
    const given: readonly Part[] = [
      { type: "stream-start", warnings: [{ type: "unsupported", feature: "seed" }] },
      { type: "response-metadata", id: "r1", modelId: "fake-1-real", timestamp: new Date(0) },
      { type: "raw", rawValue: { chunk: 1 } },
      { type: "reasoning-start", id: "0" },
      { type: "reasoning-delta", id: "0", delta: "" },
      { type: "reasoning-delta", id: "0", delta: "Hm." },
      { type: "reasoning-end", id: "0" },
      { type: "text-start", id: "1" },
      delta("A"),
      { type: "ping" },
      delta("hoy"),
      { type: "text-end", id: "1" },
      { type: "source", sourceType: "url", id: "s", url: "http://a.example" },
      { type: "tool-input-start", id: "t", toolName: "look" },
      { type: "tool-input-delta", id: "t", delta: "{}" },
      { type: "tool-input-end", id: "t" },
      { type: "tool-call", toolCallId: "t", toolName: "look", input: "{}" },
      { type: "file", mediaType: "image/png", data: { type: "data", data: "AA==" } },
    ];
    const finishReason = { unified: "tool-calls", raw: "tool_use" } as const;
    const last: Part = { type: "finish", finishReason, usage, providerMetadata: own };
    const after: Part = { type: "raw", rawValue: "after the end" };
    const { doStream, models } = open({ house: { parts: [...given, last, after] } });
    const { stream, request } = await doStream({ ...hello, includeRawChunks: true });
    expect(request).toEqual({ body: "asked" });
    expect(models["house"]?.calls[0]).toMatchObject({ ...hello, includeRawChunks: true });
    const parts = await partsOf(stream);
    expect(parts.slice(0, -2)).toEqual(given);
    expect(parts.at(-2)).toMatchObject(last);
    expect(parts.at(-1)).toEqual(after);
    expect(atlas(parts)).toMatchObject({
      candidate: "house",
      provider: "house",
      model: "fake-1-real",
      route: { attempts: [{ outcome: "answered", usage: { inputTokens: 7, reasoningTokens: 2 } }] },
    });
    expect(atlas(parts)).not.toHaveProperty("degraded");
  });

  it.each<[string, Reaction]>([
    ["rejects", answering(500)],
    ["begins and then breaks", { parts: [...saying().slice(0, 3), delta(""), answering(500)] }],
    ["begins with an error", { parts: [start, { type: "error", error: answering(503) }] }],
    ["ends without content", { parts: [start, delta(""), finish] }],
    ["ends without an end", { parts: [start, { type: "text-start", id: "1" }] }],
    [
      "says what it will call and no more",
      { parts: [start, { type: "tool-input-start", id: "t", toolName: "a" }] },
    ],
  ])("fails over where a candidate %s, and drops what it had sent", async (_, first) => {
    const { doStream } = open({ first, second: { parts: saying("Ahoy") } });
    const parts = await partsOf((await doStream()).stream);
    expect(parts.slice(0, -1)).toEqual(saying("Ahoy").slice(0, -1));
    expect(atlas(parts)).toMatchObject({
      candidate: "second",
      route: { attempts: [{}, { candidate: "second" }] },
    });
  });

  it("rejects with the route where all fail before any content", async () => {
    const { doStream } = open({ first: answering(500), second: { parts: [start, finish] } });
    await expect(doStream()).rejects.toMatchObject({
      code: "ATLAS_LLM_ALL_FAILED",
      route: { attempts: [{ outcome: "unavailable" }, { outcome: "bad_response" }] },
    });
    await expect(
      open({ house: { parts: saying("Ahoy") } })
        .router.model("no")
        .doStream(hello),
    ).rejects.toMatchObject({
      code: "ATLAS_ROUTING_PROFILE_UNKNOWN",
    });
  });

  it.each<[string, readonly Step[], object, object]>([
    [
      "breaks",
      [start, delta("Aho"), { type: "error", error: answering(503) }, delta("never")],
      { code: "ATLAS_LLM_TRUNCATED", details: { text: "Aho" } },
      { unified: "error" },
    ],
    [
      "ends without an end",
      [start, delta("Aho")],
      { code: "ATLAS_LLM_TRUNCATED", details: { text: "Aho" } },
      { unified: "error" },
    ],
    [
      "is stopped by a filter",
      [
        start,
        delta("Aho"),
        { ...finish, finishReason: { unified: "content-filter", raw: "refusal" } } as Part,
      ],
      { code: "ATLAS_LLM_REJECTED", details: { text: "Aho", usage: { inputTokens: 7 } } },
      { unified: "content-filter" },
    ],
    [
      "ends with an error, in the arguments of a tool",
      [
        start,
        { type: "tool-input-delta", id: "t", delta: "{" },
        { ...finish, finishReason: { unified: "error", raw: "error" } } as Part,
      ],
      { code: "ATLAS_LLM_TRUNCATED", details: { text: "" } },
      { unified: "error" },
    ],
  ])("asks nobody else once content has come and the stream %s", async (_, first, error, finishReason) => {
    const { doStream, models } = open({ first: { parts: first }, second: { parts: saying("Ahoy") } });
    const parts = await partsOf((await doStream()).stream);
    expect(parts.at(-2)).toMatchObject({ type: "error", error: { ...error, route: { attempts: [{}] } } });
    expect(parts.at(-1)).toMatchObject({ type: "finish", finishReason });
    expect(atlas(parts)).toMatchObject({ provider: "first", route: { attempts: [{ candidate: "first" }] } });
    expect(models["second"]?.calls).toEqual([]);
  });

  it("removes the keys of its service from an error in the middle of a stream", async () => {
    const broken = createFakeModel({
      parts: [start, delta("A"), { type: "error", error: new Error("key canary-1") }],
    });
    const router = routerOver({ house: fromModel(broken, { secrets: ["canary-1"] }) });
    const parts = await partsOf((await router.model().doStream(hello)).stream);
    expect(parts).toContainEqual(expect.objectContaining({ type: "error" }));
    const { error } = parts.find((part) => part.type === "error") as { error: Error };
    expect(error.message).toContain("[redacted]");
    expect(JSON.stringify(parts) + error.message).not.toContain("canary-1");
  });

  it("holds its place until the end, and gives it back at the end", async () => {
    const { doStream, router } = open({ house: { parts: saying("A", "hoy") } }, full);
    const reader = (await doStream()).stream.getReader();
    const isFull = async () => {
      const call = router.generateText({ prompt: "?", deadlineMs: 1 });
      return (await call.then(() => "", String)).includes("all its places were taken");
    };
    expect(await isFull()).toBe(true);
    for (let left = 6; left > 0; left -= 1) await reader.read();
    expect(await isFull()).toBe(true);
    expect((await reader.read()).value).toMatchObject({ type: "finish" });
    expect(await isFull()).toBe(false);
  });

  it("gives its place back when it breaks, and when its reader leaves while a part is awaited", async () => {
    const silent = hanging(start, delta("A"));
    const { doStream, models } = open({ house: silent }, full);
    const { stream } = await doStream();
    const reader = stream.getReader();
    for (let left = 2; left > 0; left -= 1) await reader.read();
    const awaited = reader.read();
    await new Promise(setImmediate);
    await reader.cancel("enough");
    expect(await awaited).toEqual({ done: true, value: undefined });
    expect(await silent.cancelled).toBeDefined();
    expect(models["house"]?.calls[0]?.abortSignal?.aborted).toBe(true);

    const broken = open({ house: { parts: [start, delta("A"), answering(500)] } }, full);
    for (let round = 0; round < 2; round += 1) {
      expect((await partsOf((await broken.doStream()).stream)).at(-2)).toMatchObject({ type: "error" });
    }
  });

  it("ends the call when its reader leaves before the first part", async () => {
    const routes: unknown[] = [];
    const silent = hanging(start, delta("A"));
    const { router } = open({ house: silent }, full);
    const { stream } = await router
      .languageModel({ onRoute: (route) => routes.push(route.attempts[0]?.outcome) })
      .doStream(hello);
    await stream.cancel();
    expect(await silent.cancelled).toBeDefined();
    expect(routes).toEqual(["aborted"]);
  });

  it.each(["before", "after"])(
    "ends the call when the caller aborts it %s content has come",
    async (when) => {
      const silent = hanging(start, ...(when === "after" ? [delta("A")] : []));
      const { router, models } = open({ house: silent }, full);
      const controller = new AbortController();
      const opened = router.model().doStream({ ...hello, abortSignal: controller.signal });
      const parts = opened.then(({ stream }) => partsOf(stream));
      for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
      controller.abort(new Error("Enough."));
      await expect(parts).rejects.toThrow("Enough.");
      expect(await silent.cancelled).toBeDefined();
      expect(models["house"]?.calls[0]?.abortSignal?.aborted).toBe(true);
    },
  );

  it("fails over where a candidate takes too long to begin, and ignores what it sends later", async () => {
    const clock = createFakeClock();
    const late = Promise.withResolvers<Part>();
    const { doStream } = open(
      { slow: { parts: [start, late.promise, finish] }, quick: { parts: saying("Ahoy") } },
      { clock, policy: { attemptMs: 1_000 } },
    );
    const opened = doStream();
    clock.advance(1_000);
    const { stream } = await opened;
    late.resolve(delta("late"));
    const parts = await partsOf(stream);
    expect(parts.filter((part) => part.type === "text-delta")).toEqual([delta("Ahoy")]);
    expect(atlas(parts)).toMatchObject({
      candidate: "quick",
      route: { attempts: [{ outcome: "timed_out" }, {}] },
    });
  });

  it("ends with an error part at the deadline, and gives its place back although nobody reads", async () => {
    const clock = createFakeClock();
    const silent = hanging(start, delta("A"));
    const { router } = open({ house: silent }, { ...full, clock, policy: { deadlineMs: 60_000 } });
    const { stream } = await router.languageModel({ deadlineMs: 5_000 }).doStream(hello);
    clock.advance(5_000);
    expect(await silent.cancelled).toBeDefined();
    const parts = await partsOf(stream);
    expect(parts.map(({ type }) => type)).toEqual(["stream-start", "text-delta", "error", "finish"]);
    expect(parts[2]).toMatchObject({ error: { code: "ATLAS_LLM_TRUNCATED", details: { text: "A" } } });
  });

  it("ends with an error part where a stream pauses for too long, while a slow reader is no pause", async () => {
    const clock = createFakeClock();
    const silent = hanging(start, delta("A"), delta("B"));
    const house = fromModel(createFakeModel(silent), { firstPartMs: 500, idleMs: 1_000, clock });
    const { stream } = await routerOver({ house }, { clock }).model().doStream(hello);
    const reader = stream.getReader();
    await reader.read();
    await reader.read();
    clock.advance(10_000);
    expect((await reader.read()).value).toEqual(delta("B"));
    const next = reader.read();
    await new Promise(setImmediate);
    clock.advance(1_000);
    expect((await next).value).toMatchObject({
      type: "error",
      error: { code: "ATLAS_LLM_TRUNCATED", message: expect.stringContaining("within 1000 ms") },
    });
  });

  it("asks for a part only when one is read", async () => {
    let asked = 0;
    const parts = [...saying("a", "b", "c", "d", "e", "f")];
    const stream = new ReadableStream<Part>(
      {
        pull(controller) {
          asked += 1;
          const part = parts.shift();
          if (part === undefined) controller.close();
          else controller.enqueue(part);
        },
      },
      { highWaterMark: 0 },
    );
    const { doStream } = open({ house: { stream } });
    const reader = (await doStream()).stream.getReader();
    await new Promise(setImmediate);
    expect(asked).toBe(4);
    for (let left = 4; left > 0; left -= 1) await reader.read();
    await new Promise(setImmediate);
    expect(asked).toBe(4);
    await reader.read();
    expect(asked).toBe(5);
    await reader.cancel();
  });

  it("says in its warnings and at its end that the mock stands in", async () => {
    const { doStream } = open(
      { house: answering(401) },
      { config: { profiles: { default: ["house"], dry: ["mock"] }, fallback: ["mock"] } },
    );
    for (let round = 0; round < 2; round += 1) {
      // The second time, the house is skipped.
      const parts = await partsOf((await doStream()).stream);
      expect(parts[0]).toMatchObject({
        type: "stream-start",
        warnings: [{ message: expect.stringContaining("The mock") }],
      });
      expect(atlas(parts)).toMatchObject({ candidate: "mock", provider: "mock", degraded: true });
    }
    const dry = routerOver({}, { config: { profiles: { dry: ["mock"] } } });
    const parts = await partsOf((await dry.model("dry").doStream(hello)).stream);
    expect(parts[0]).toEqual(start);
    expect(atlas(parts)).not.toHaveProperty("degraded");
  });

  it("needs no metadata of a stream, and no start", async () => {
    const { doStream } = open({ house: { stream: streamOf([delta("Ahoy"), finish]) } });
    const parts = await partsOf((await doStream()).stream);
    expect(parts[0]).toEqual(delta("Ahoy"));
    expect(parts[1]).toMatchObject({ finishReason: stop });
    expect(atlas(parts)).toMatchObject({ model: "fake-1" });
  });

  describe("over a model that knows nothing of signals", () => {
    /** A runtime that gives its model on as it is, unlike `fromModel`. */
    const raw = (reaction: Reaction): LLMRuntime => {
      const model = createFakeModel(reaction);
      return {
        generateText: () => Promise.reject(new Error("not asked")),
        languageModel: () => model,
      };
    };

    it("leaves a stream that begins too late, and ignores its parts", async () => {
      const clock = createFakeClock();
      const late = Promise.withResolvers<Part>();
      const left = Promise.withResolvers<unknown>();
      const stream = new ReadableStream<Part>(
        {
          async pull(controller) {
            controller.enqueue(await late.promise);
          },
          cancel: left.resolve,
        },
        { highWaterMark: 0 },
      );
      const quick = raw({ parts: saying("Ahoy") });
      const router = routerOver({ slow: raw({ stream }), quick }, { clock, policy: { attemptMs: 1_000 } });
      const opened = router.model().doStream(hello);
      await new Promise(setImmediate);
      clock.advance(1_000);
      expect(await left.promise).toMatchObject({ name: "TimeoutError" });
      late.resolve(delta("late"));
      const parts = await partsOf((await opened).stream);
      expect(parts.filter((part) => part.type === "text-delta")).toEqual([delta("Ahoy")]);
    });

    it("leaves a stream that is opened only after its call was given up", async () => {
      const clock = createFakeClock();
      const silent = hanging();
      const gate = Promise.withResolvers<void>();
      const slow = raw(async () => {
        await gate.promise;
        return { stream: silent.stream };
      });
      const quick = raw({ parts: saying("Ahoy") });
      const router = routerOver({ slow, quick }, { clock, policy: { attemptMs: 1_000 } });
      const opened = router.model().doStream(hello);
      await new Promise(setImmediate);
      clock.advance(1_000);
      await opened.then(({ stream }) => partsOf(stream));
      gate.resolve();
      expect(await silent.cancelled).toMatchObject({ name: "TimeoutError" });
    });

    it("ignores a part that comes with the abort", async () => {
      const clock = createFakeClock();
      const slow = raw(async ({ abortSignal }) => ({
        stream: new ReadableStream<Part>({
          start(controller) {
            abortSignal?.addEventListener("abort", () => controller.enqueue(delta("late")));
          },
        }),
      }));
      const models = { slow, quick: raw({ parts: saying("Ahoy") }) };
      const opened = routerOver(models, { clock, policy: { attemptMs: 1_000 } })
        .model()
        .doStream(hello);
      await new Promise(setImmediate);
      clock.advance(1_000);
      const parts = await partsOf((await opened).stream);
      expect(parts.filter((part) => part.type === "text-delta")).toEqual([delta("Ahoy")]);
    });

    it("ends it at the deadline, and says so", async () => {
      const clock = createFakeClock();
      const silent = hanging(start, delta("A"));
      const router = routerOver({ silent: raw(silent) }, { clock });
      const { stream } = await router.languageModel({ deadlineMs: 5_000 }).doStream(hello);
      const reading = partsOf(stream);
      await new Promise(setImmediate);
      clock.advance(5_000);
      const parts = await reading;
      expect(await silent.cancelled).toMatchObject({ name: "TimeoutError" });
      expect(parts.at(-2)).toMatchObject({
        type: "error",
        error: { code: "ATLAS_LLM_TRUNCATED", message: expect.stringContaining("within its deadline") },
      });
    });
  });
});
