import { createFakeClock } from "@atlas/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import {
  applyMiddleware,
  type CacheEntry,
  type CacheOptions,
  type CacheStore,
  createLLM,
  createLLMRouter,
  createMemoryCache,
  type LLMOptions,
  type LLMResult,
  type LLMRuntime,
  withCache,
  withInstructions,
} from "../../src/index.ts";
import { createMockLLM } from "../../src/mock/mock.ts";
import { piecesOf } from "../support/echo.ts";
import { createFolder } from "../support/folder.ts";
import { createLog } from "../support/log.ts";

const hello: LLMOptions = { prompt: "Hello" };
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A model that counts its answers, behind a cache of a minute. */
function setUp(options: Partial<CacheOptions> = {}, also: Partial<LLMResult> = {}) {
  const clock = createFakeClock();
  const log = createLog();
  let answers = 0;
  const model = createMockLLM({
    script: Array.from({ length: 9 }, () => () => {
      answers += 1;
      return {
        text: `Answer ${answers}.`,
        provider: "house",
        model: "house-1",
        finishReason: "stop",
        ...also,
      };
    }),
  });
  const llm = createLLM(applyMiddleware(model, [withCache({ ttlMs: 60_000, clock, log, ...options })]), {
    clock,
  });
  return { llm, model, clock, log };
}

/** A store that does what a test says. */
const storeOf = (parts: Partial<CacheStore>): CacheStore => ({
  get: () => undefined,
  set: () => undefined,
  ...parts,
});

describe("a cached call", () => {
  it("is answered without the model, is marked, and costs nothing", async () => {
    const { llm, model } = setUp();
    const first = await llm.generateText(hello);
    expect(first).toMatchObject({ text: "Answer 1.", usage: { inputTokens: 2 } });
    expect(first).not.toHaveProperty("cached");
    expect(await llm.generateText({ ...hello, context: { actor: "user:ada" } })).toEqual({
      text: "Answer 1.",
      provider: "house",
      model: "house-1",
      finishReason: "stop",
      usage: { inputTokens: 0, outputTokens: 0 },
      cached: true,
    });
    expect(model.calls).toHaveLength(1);
    expect((await llm.generateText({ ...hello, temperature: 0 })).text).toBe("Answer 2.");
  });

  it("is answered until its time is over, and anew from then on", async () => {
    const { llm, clock } = setUp();
    await llm.generateText(hello);
    clock.advance(59_999);
    expect((await llm.generateText(hello)).cached).toBe(true);
    clock.advance(1);
    expect((await llm.generateText(hello)).text).toBe("Answer 2.");
    clock.advance(59_999);
    expect(await llm.generateText(hello)).toMatchObject({ text: "Answer 2.", cached: true });
  });

  it("shares answers between whole and streamed calls, and comes in one piece", async () => {
    const { llm, model } = setUp();
    expect((await piecesOf(llm.streamText(hello))).join("")).toBe("Answer 1.");
    const again = llm.streamText(hello);
    expect(await piecesOf(again)).toEqual(["Answer 1."]);
    expect(await again.result).toMatchObject({ text: "Answer 1.", cached: true });
    expect((await llm.generateText(hello)).cached).toBe(true);
    expect(model.calls).toHaveLength(1);
  });

  it("asks the model when it has to be fresh, and the new answer takes the place of the old", async () => {
    const { llm } = setUp();
    await llm.generateText(hello);
    expect((await llm.generateText({ ...hello, fresh: true })).text).toBe("Answer 2.");
    expect(await llm.generateText(hello)).toMatchObject({ text: "Answer 2.", cached: true });
    expect(await llm.streamText({ ...hello, fresh: true }).result).toMatchObject({ text: "Answer 3." });
    expect((await llm.generateText(hello)).text).toBe("Answer 3.");
  });

  it("rejects with the caller's reason when the caller has given up", async () => {
    const { llm } = setUp();
    await llm.generateText(hello);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(llm.generateText({ ...hello, signal })).rejects.toThrow("enough");
    await expect(llm.streamText({ ...hello, signal }).result).rejects.toThrow("enough");
  });
});

describe("never kept is", () => {
  it.each<[string, Partial<LLMResult>]>([
    ["an answer that was cut off", { finishReason: "length" }],
    ["an answer of the mock in place of a model", { degraded: true }],
    ["a replayed answer", { replayed: true }],
    ["an answer that is larger than the bound", { text: "x".repeat(65_536) }],
  ])("%s", async (_, also) => {
    const { llm, model } = setUp({}, also);
    for (const times of [1, 2]) {
      await llm.generateText(hello);
      await settle();
      expect(model.calls).toHaveLength(times);
    }
    await llm.streamText(hello).result;
    expect(model.calls).toHaveLength(3);
  });

  it("an answer that does not say how it ended", async () => {
    const model = createMockLLM({ script: ["a", "b"] });
    const llm = applyMiddleware(model, [withCache({ ttlMs: 1 })]);
    await llm.generateText(hello);
    expect((await llm.generateText(hello)).text).toBe("b");
  });

  it("a failure, nor a stream whose reader has left", async () => {
    const answer = { text: "Ahoy there", finishReason: "stop" } as const;
    const model = createMockLLM({ script: [new Error("down"), new Error("down"), answer, answer] });
    const llm = createLLM(applyMiddleware(model, [withCache({ ttlMs: 60_000 })]));
    await expect(llm.generateText(hello)).rejects.toThrow("down");
    await expect(llm.streamText(hello).result).rejects.toThrow("down");
    for await (const _ of llm.streamText(hello).textStream) break;
    await settle();
    expect((await llm.generateText(hello)).cached).toBeUndefined();
    expect(model.calls).toHaveLength(4);
  });
});

describe("the store of a cache", () => {
  it("that fails costs a warning, never the answer", async () => {
    const failing = (): never => {
      throw new Error("disk");
    };
    for (const store of [
      storeOf({ get: failing, set: failing }),
      storeOf({ get: async () => failing(), set: async () => failing() }),
    ]) {
      const { llm, log } = setUp({ store });
      expect((await llm.generateText(hello)).text).toBe("Answer 1.");
      await settle();
      expect(log.warnings).toEqual([
        "A cached answer could not be read. The model is asked instead.",
        "An answer could not be put into the cache.",
      ]);
      expect((await llm.streamText(hello).result).text).toBe("Answer 2.");
    }
  });

  it.each<[string, unknown]>([
    ["no JSON", "{"],
    ["no object", "null"],
    ["no text", '{"provider":"house"}'],
    ["a text that is none", '{"text":7}'],
    ["nothing at all", undefined],
  ])("that holds %s is a miss with a warning, and is mended", async (_, answer) => {
    const store = createMemoryCache();
    const keys: string[] = [];
    let isCorrupt = true;
    const corrupt = storeOf({
      get: (key) => (isCorrupt ? ({ answer, expiresAt: 9e15 } as CacheEntry) : store.get(key)),
      set: (key, entry) => {
        keys.push(key);
        isCorrupt = false;
        return store.set(key, entry);
      },
    });
    const { llm, log } = setUp({ store: corrupt });
    expect((await llm.generateText(hello)).text).toBe("Answer 1.");
    expect(log.warnings).toHaveLength(1);
    expect((await llm.generateText(hello)).cached).toBe(true);
    expect(keys).toHaveLength(1);
  });

  it("that does not answer counts as empty after a second, and holds no answer up", async () => {
    const never = (): Promise<never> => new Promise(() => undefined);
    const { llm, clock, log } = setUp({ store: storeOf({ get: never, set: never }) });
    const answer = llm.generateText(hello);
    await settle();
    clock.advance(1_000);
    expect((await answer).text).toBe("Answer 1.");
    expect(log.warnings).toHaveLength(1);
    // The answer waits for its store, and is given meanwhile.
    expect((await llm.generateText(hello)).cached).toBe(true);
    const caller = new AbortController();
    const other = llm.generateText({ prompt: "Other", signal: caller.signal });
    await settle();
    caller.abort(new Error("enough"));
    await expect(other).rejects.toThrow("enough");
    expect(clock.timers).toBe(0);
  });

  it("that never takes an answer does not fill the memory", async () => {
    const set = (): Promise<never> => new Promise(() => undefined);
    let asked = 0;
    const model: LLMRuntime = {
      async generateText() {
        asked += 1;
        return { text: "Ahoy", provider: "house", finishReason: "stop" };
      },
    };
    const llm = applyMiddleware(model, [withCache({ ttlMs: 60_000, store: storeOf({ set }) })]);
    for (let round = 0; round < 2; round += 1) {
      for (let number = 0; number < 110; number += 1) await llm.generateText({ prompt: `${number}` });
    }
    expect(asked).toBe(120);
  });

  it("can be shared, and namespaces keep apart what shares it", async () => {
    const store = createMemoryCache();
    const one = setUp({ store, namespace: "a" });
    const same = setUp({ store, namespace: "a" });
    const other = setUp({ store, namespace: "b" });
    await one.llm.generateText(hello);
    expect((await same.llm.generateText(hello)).cached).toBe(true);
    expect((await other.llm.generateText(hello)).cached).toBeUndefined();
  });
});

describe("a cache among other parts", () => {
  it("is no proof of a route, and asks nobody through the router for a hit", async () => {
    const house = createMockLLM({ script: [{ text: "Ahoy", finishReason: "stop" }] });
    const router = createLLMRouter({ providers: { house } });
    const llm = createLLM(applyMiddleware(router, [withCache({ ttlMs: 60_000 })]));
    const routes: unknown[] = [];
    const call: LLMOptions = { ...hello, onRoute: (route) => void routes.push(route) };
    expect((await llm.generateText(call)).route?.candidate).toBe("house");
    const again = await llm.generateText(call);
    expect([again.cached, again.route, again.provider]).toEqual([true, undefined, "mock"]);
    expect(routes).toHaveLength(1);
  });

  it("does not make the life of an answer longer that another cache gave", async () => {
    const clock = createFakeClock();
    let kept = 0;
    const outer = createMemoryCache();
    const counting = storeOf({
      get: outer.get,
      set(key, entry) {
        kept += 1;
        outer.set(key, entry);
      },
    });
    const model = createMockLLM({ script: [{ text: "Ahoy", finishReason: "stop" }] });
    const llm = applyMiddleware(model, [
      withCache({ ttlMs: 1_000, clock, store: counting }),
      withCache({ ttlMs: 60_000, clock }),
    ]);
    await llm.generateText(hello);
    clock.advance(1_000);
    expect((await llm.generateText(hello)).cached).toBe(true);
    expect(kept).toBe(1);
  });

  it("sees what instructions add where it is inside of them", async () => {
    using folder = createFolder({ "AGENTS.md": "Be kind." });
    const clock = createFakeClock();
    const instructions = withInstructions({ root: folder.path, clock });
    const answer = { text: "Ahoy", finishReason: "stop" } as const;
    const model = createMockLLM({ script: [answer, answer] });
    const llm = applyMiddleware(model, [instructions, withCache({ ttlMs: 60_000, clock })]);
    await llm.generateText(hello);
    expect(await llm.generateText(hello)).toMatchObject({
      cached: true,
      instructions: [{ path: "AGENTS.md" }],
    });
    folder.write("AGENTS.md", "Be brief.");
    clock.advance(2_000);
    expect((await llm.generateText(hello)).cached).toBeUndefined();
  });

  it("asks again for an object that a cached answer does not give", async () => {
    const schema = z.object({ n: z.number() });
    const json = (text: string) => ({ text, finishReason: "stop" }) as const;
    const model = createMockLLM({ script: [json('{"n":"one"}'), json('{"n":1}')] });
    const llm = createLLM(applyMiddleware(model, [withCache({ ttlMs: 60_000 })]));
    await expect(llm.generateObject({ ...hello, schema })).rejects.toMatchObject({
      code: "ATLAS_LLM_OBJECT_INVALID",
    });
    const second = await llm.generateObject({ ...hello, schema });
    expect([second.object, second.cached]).toEqual([{ n: 1 }, undefined]);
    const third = await llm.generateObject({ ...hello, schema });
    expect([third.object, third.cached]).toEqual([{ n: 1 }, true]);
    expect(model.calls).toHaveLength(2);
  });

  it("marks a repaired object only where neither of its answers was paid for", async () => {
    const schema = z.object({ n: z.number() });
    const json = (text: string) => ({ text, finishReason: "stop", usage: { outputTokens: 3 } }) as const;
    const wrong = json("no");
    const right = json('{"n":1}');
    const model = createMockLLM({ script: [wrong, right, wrong] });
    const llm = createLLM(applyMiddleware(model, [withCache({ ttlMs: 60_000 })]));
    const call = { ...hello, schema, repair: true };
    expect(await llm.generateObject(call)).toMatchObject({ object: { n: 1 }, usage: { outputTokens: 6 } });
    // The first answer is asked for anew; its repair is cached.
    const again = await llm.generateObject(call);
    expect(again).toMatchObject({ object: { n: 1 }, usage: { outputTokens: 3 } });
    expect(again.cached).toBeUndefined();
  });

  it("refuses options that make no sense", () => {
    for (const ttlMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => withCache({ ttlMs })).toThrow(
        'withCache expected "ttlMs" to be a whole number of 1 or more',
      );
    }
    expect(() => withCache({ ttlMs: 1, ttl: 5 } as CacheOptions)).toThrow('"ttl" is not an option');
  });
});
