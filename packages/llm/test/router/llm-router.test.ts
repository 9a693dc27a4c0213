import type { LLMRoutingConfig, Logger, Route } from "@atlas/routing";
import { createFakeClock } from "@atlas/testing";
import { describe, expect, it } from "vitest";
import {
  createLLMRouter,
  createStream,
  LLMError,
  type LLMOptions,
  type LLMResult,
  type LLMRuntime,
} from "../../src/index.ts";
import { createMockLLM } from "../../src/mock/mock.ts";
import { openRouter, openServer } from "../support/services.ts";

const down: LLMRuntime = {
  generateText: async () => {
    throw new Error("down");
  },
};
const answering = (text: string): LLMRuntime =>
  createMockLLM({ script: Array(9).fill({ text, provider: text }) });

function setUp(config: LLMRoutingConfig, providers: Readonly<Record<string, LLMRuntime>> = {}) {
  const warnings: string[] = [];
  const log: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: (_, message) => void warnings.push(message),
    error: (_, message) => void warnings.push(message),
  };
  return { router: createLLMRouter({ config, providers, log, random: () => 0 }), warnings };
}

describe("the mock's part in routing", () => {
  it("answers everything, and every profile, where nothing is configured", async () => {
    const result = await createLLMRouter().generateText({ prompt: "Hello", profile: "quality" });
    expect(result).toMatchObject({ provider: "mock", route: { profile: "default", candidate: "mock" } });
    expect(result.degraded).toBeUndefined();
  });

  it("never answers in place of a configured model that failed", async () => {
    const { router } = setUp({ profiles: { fast: ["house", "openai"] } }, { house: down });
    await expect(router.generateText({ prompt: "Hello" })).rejects.toMatchObject({
      code: "ATLAS_LLM_ALL_FAILED",
      retryable: true,
      message:
        'No model of the profile "fast" answered. house (1 attempt): "house" failed: down; openai: skipped, the environment variable OPENAI_API_KEY is not set.',
      route: {
        attempts: [{ candidate: "house", outcome: "failed" }],
        skipped: [{ candidate: "openai" }],
      },
    });
  });

  it("answers where fallback lists it: degraded, and with a warning", async () => {
    const { router, warnings } = setUp(
      { profiles: { fast: ["house"] }, fallback: ["mock"] },
      { house: down },
    );
    const result = await router.generateText({ prompt: "Hello" });
    expect(result).toMatchObject({ provider: "mock", degraded: true, route: { candidate: "mock" } });
    expect(warnings.at(-1)).toContain("The mock answered in place of a model. house (1 attempt)");
    const { result: streamed } = router.streamText({ prompt: "Hello" });
    expect(await streamed).toMatchObject({ degraded: true });
  });

  it("is degraded also where the models were not even tried, and not where it is the first choice", async () => {
    const { router } = setUp({ profiles: { fast: ["openai"], dry: ["mock"] }, fallback: ["mock"] });
    expect(await router.generateText({ prompt: "Hello", profile: "fast" })).toMatchObject({ degraded: true });
    expect((await router.generateText({ prompt: "Hello", profile: "dry" })).degraded).toBeUndefined();
  });
});

describe("the router over models", () => {
  it("asks runtimes of one's own in their order where nothing else is configured", async () => {
    const router = createLLMRouter({
      providers: { house: down, other: answering("other") },
      random: () => 0,
    });
    const { provider, route } = await router.generateText({ prompt: "Hello", profile: "any" });
    expect(provider).toBe("other");
    expect(route?.attempts.map(({ candidate }) => candidate)).toEqual(["house", "other"]);
  });

  it("understands what the clients of services throw, from any runtime", async () => {
    const busy: LLMRuntime = {
      generateText: () => {
        throw Object.assign(new Error("Busy, says sk-abcdefgh12345678"), { status: 503 });
      },
    };
    const { router, warnings } = setUp({ profiles: { fast: ["house"] } }, { house: busy });
    await expect(router.generateText({ prompt: "Hello" })).rejects.toMatchObject({
      route: { attempts: [{ outcome: "unavailable", status: 503 }, {}, {}] },
      message: expect.stringContaining("[redacted]"),
    });
    expect(warnings.join()).not.toContain("sk-abc");
  });

  it("takes a model that the caller chose and nobody has for a mistake of the call", async () => {
    const server = await openServer();
    server.reply({ status: 404 });
    const router = openRouter(server);
    const call = { prompt: "Hello", profile: "compatible", model: "nobody-9" };
    await expect(router.generateText(call)).rejects.toMatchObject({ code: "ATLAS_LLM_REJECTED" });
    expect(router.explainRoute("compatible").candidates[0]?.state).toBe("ready");
  });

  it("takes any other failure with a model that the caller chose for one of the service", async () => {
    const server = await openServer();
    server.reply({ status: 401 });
    const router = openRouter(server);
    const call = { prompt: "Hello", profile: "compatible", model: "house-2" };
    await expect(router.generateText(call)).rejects.toMatchObject({
      route: { attempts: [{ outcome: "misconfigured", status: 401 }] },
    });
  });

  it("passes on what is asked, with its own signal", async () => {
    const house = createMockLLM();
    const { router } = setUp({ profiles: { fast: ["house"] } }, { house });
    const call: LLMOptions = { prompt: "Hello", system: "Kind.", maxTokens: 5, tags: ["a"], skills: ["b"] };
    await router.generateText(call);
    expect(house.calls[0]).toMatchObject(call);
    expect(house.calls[0]?.signal).toBeInstanceOf(AbortSignal);
  });

  it("explains who would be asked, and why not the others", () => {
    const { router } = setUp(
      { profiles: { fast: ["ollama", "house"] }, fallback: ["mock"] },
      { house: down },
    );
    expect(router.explainRoute("fast")).toEqual({
      profile: "fast",
      candidates: [
        {
          candidate: "ollama",
          from: "profile",
          state: "skipped",
          reason: "it has no model: set llm.providers.ollama.model",
        },
        { candidate: "house", from: "profile", state: "ready" },
        { candidate: "mock", from: "fallback", state: "ready" },
      ],
    });
  });

  it("keeps the error of a request that was rejected, with its route", async () => {
    const rejecting: LLMRuntime = {
      generateText: () => {
        throw new LLMError("ATLAS_LLM_REJECTED", { provider: "house", status: 400 }, "Too long.");
      },
    };
    const providers = { house: rejecting, other: answering("other") };
    const { router } = setUp({ profiles: { fast: ["house", "other"] } }, providers);
    await expect(router.generateText({ prompt: "Hello" })).rejects.toMatchObject({
      code: "ATLAS_LLM_REJECTED",
      retryable: false,
      details: { status: 400 },
      route: { attempts: [{ candidate: "house", outcome: "rejected", status: 400 }] },
    });
  });

  it("streams from a runtime that cannot stream, as one piece", async () => {
    const plain: LLMRuntime = { generateText: async () => ({ text: "All at once", provider: "plain" }) };
    const { router } = setUp({ profiles: { fast: ["plain"] } }, { plain });
    const { textStream, result } = router.streamText({ prompt: "Hello" });
    const pieces: string[] = [];
    for await (const piece of textStream) pieces.push(piece);
    expect(pieces).toEqual(["All at once"]);
    expect((await result).route?.candidate).toBe("plain");
  });

  it("ends a call that hangs at the deadline of the call itself", async () => {
    const clock = createFakeClock();
    const hanging: LLMRuntime = { generateText: () => new Promise(() => undefined) };
    const router = createLLMRouter({
      config: { profiles: { fast: ["house"] } },
      providers: { house: hanging },
      clock,
    });
    const answer = router.generateText({ prompt: "Hello", deadlineMs: 2_000 });
    await Promise.resolve();
    clock.advance(2_000);
    await expect(answer).rejects.toMatchObject({
      code: "ATLAS_LLM_ALL_FAILED",
      message: expect.stringContaining("answered in time"),
      route: { durationMs: 2_000 },
    });
    expect(clock.timers).toBe(0);
  });

  it("never mixes in what a candidate says after it was given up", async () => {
    const clock = createFakeClock();
    let speak = (_: string): unknown => undefined;
    const deaf: LLMRuntime = {
      generateText: () => new Promise(() => undefined),
      streamText: () =>
        createStream(undefined, (emit) => {
          speak = emit;
          return new Promise(() => undefined);
        }),
    };
    const router = createLLMRouter({ providers: { deaf, other: answering("other") }, clock });
    const { textStream, result } = router.streamText({ prompt: "Hello" });
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(60_000);
    speak("too late");
    const pieces: string[] = [];
    for await (const piece of textStream) pieces.push(piece);
    expect(pieces).toEqual(["other"]);
    expect((await result).route?.attempts.map(({ outcome }) => outcome)).toEqual(["timed_out", "answered"]);
    speak("and again");
    expect(pieces).toEqual(["other"]);
  });

  it("lets `around` wrap every attempt, and notes what failed attempts cost", async () => {
    const seen: unknown[] = [];
    const charging: LLMRuntime = {
      generateText: () => {
        const details = { provider: "house", usage: { inputTokens: 5 } };
        throw new LLMError("ATLAS_LLM_BAD_RESPONSE", details, "Empty.");
      },
    };
    const router = createLLMRouter({
      config: { profiles: { fast: ["house", "other"] } },
      providers: { house: charging, other: createMockLLM({ script: ["Ahoy", "Ahoy"] }) },
      policy: { backoffMs: 0 },
      around: (next, info) => ({
        async generateText(call) {
          seen.push(info);
          const result = await next.generateText(call);
          return { ...result, text: `<${result.text}>` };
        },
      }),
    });
    const answer = await router.generateText({ prompt: "Hello" });
    expect(answer.text).toBe("<Ahoy>");
    expect(seen).toEqual([{ candidate: "house" }, { candidate: "house" }, { candidate: "other" }]);
    expect(answer.route?.attempts.map(({ candidate, usage }) => [candidate, usage])).toEqual([
      ["house", { inputTokens: 5 }],
      ["house", { inputTokens: 5 }],
      ["other", { ...answer.usage }],
    ]);
    seen.length = 0;
    const { textStream, result } = router.streamText({ prompt: "Hello", model: "big" });
    const pieces: string[] = [];
    for await (const piece of textStream) pieces.push(piece);
    expect(pieces).toEqual(["<Ahoy>"]); // this wrapper cannot stream
    expect(seen.at(-1)).toEqual({ candidate: "other", model: "big" });
    expect((await result).route?.attempts.at(-1)?.usage).toEqual({ inputTokens: 2, outputTokens: 1 });
  });

  it("names the model of each candidate in its plan", () => {
    const { router } = setUp({
      profiles: { fast: ["mine", "ollama"] },
      providers: { mine: { base_url: "http://127.0.0.1:1", model: "mine-1" } },
    });
    expect(router.explainRoute("fast").candidates.map(({ model }) => model)).toEqual(["mine-1", undefined]);
  });

  it("logs whom a failed attempt and a stand-in belong to", async () => {
    const fields: object[] = [];
    const keep = (given: object): void => void fields.push(given);
    const log = { debug: keep, info: keep, warn: keep, error: keep };
    const router = createLLMRouter({
      config: { profiles: { fast: ["house"] }, fallback: ["mock"] },
      providers: { house: down },
      policy: { retries: 0 },
      log,
    });
    const context = { correlation_id: "request-7" };
    await router.generateText({ prompt: "Hello", context });
    expect(fields).toHaveLength(2);
    for (const given of fields) expect(given).toMatchObject({ context });
  });

  it("refuses options and parts of the policy that it does not have", () => {
    expect(() => createLLMRouter({ provider: {} } as object)).toThrow(
      'createLLMRouter: "provider" is not an option. Did you mean "providers"?',
    );
    expect(() => createLLMRouter({ policy: { retrys: 0 } as object })).toThrow(
      'createLLMRouter\'s policy: "retrys" is not an option. Did you mean "retries"?',
    );
  });

  it("takes its patience from the configuration", async () => {
    const { router } = setUp({
      profiles: { fast: ["mock"] },
      limits: { deadline_ms: 5_000, attempt_ms: 1_000, retries: 0, cooldown_ms: 10, max_concurrency: 1 },
    });
    expect(router.deadlineMs).toBe(5_000);
  });
});

describe("a runtime that is written by hand", () => {
  // Nobody checks what a runtime resolves with.
  const answeringWith = (answer: object): LLMRuntime => ({
    generateText: async () => answer as LLMResult,
    streamText: ({ signal }) =>
      createStream(signal, async (emit) => {
        await emit("Ahoy");
        return answer as LLMResult;
      }),
  });

  it("is named by its candidate where it names no provider, whole and streamed", async () => {
    const house = answeringWith({
      text: "Ahoy",
      model: null,
      usage: { inputTokens: Number.NaN, outputTokens: 2 },
    });
    const { router } = setUp({ profiles: { fast: ["house"] } }, { house });
    const whole = await router.generateText({ prompt: "Hello" });
    const streamed = await router.streamText({ prompt: "Hello" }).result;
    for (const result of [whole, streamed]) {
      expect(result).toMatchObject({ text: "Ahoy", provider: "house", usage: { outputTokens: 2 } });
      expect(result).not.toHaveProperty("model");
      expect(result.usage).not.toHaveProperty("inputTokens");
    }
  });
});

describe("the evidence of a call, for a listener", () => {
  it("comes also where the call is aborted, and the listener may throw", async () => {
    const hanging: LLMRuntime = { generateText: () => new Promise(() => undefined) };
    const { router } = setUp({ profiles: { fast: ["hanging"] } }, { hanging });
    const caller = new AbortController();
    const routes: Route[] = [];
    const call: LLMOptions = {
      prompt: "Hello",
      signal: caller.signal,
      onRoute: (route) => {
        routes.push(route);
        throw new Error("odd");
      },
    };
    const answers = [router.generateText(call), router.streamText(call).result];
    for (const answer of answers) answer.catch(() => undefined);
    await Promise.resolve();
    caller.abort(new Error("enough"));
    for (const answer of answers) await expect(answer).rejects.toThrow("enough");
    expect(routes.map(({ attempts }) => attempts.map(({ outcome }) => outcome))).toEqual([
      ["aborted"],
      ["aborted"],
    ]);
  });

  it("comes with an answer too, and never changes it", async () => {
    const { router } = setUp({ profiles: { fast: ["house"] } }, { house: answering("house") });
    const routes: Route[] = [];
    const result = await router.generateText({
      prompt: "Hello",
      onRoute: (route) => {
        routes.push(route);
        throw new Error("odd");
      },
    });
    expect(routes).toEqual([result.route]);
  });
});

describe("a filter that stops a stream after some text", () => {
  it.each(["openai", "compatible", "anthropic", "google"])(
    "is a rejection, as it is for the whole answer (%s)",
    async (profile) => {
      const server = await openServer();
      const router = openRouter(server);
      server.reply({ text: "Some of it", finish: "content_filter" });
      await expect(router.generateText({ profile, prompt: "Hello" })).rejects.toMatchObject({
        code: "ATLAS_LLM_REJECTED",
      });
      await expect(router.streamText({ profile, prompt: "Hello" }).result).rejects.toMatchObject({
        code: "ATLAS_LLM_REJECTED",
        retryable: false,
        details: {
          text: "Some of it",
          provider: profile,
          providerCode: "content-filter",
          usage: { outputTokens: 5 },
        },
        route: { attempts: [{ outcome: "rejected" }] },
      });
    },
  );
});
