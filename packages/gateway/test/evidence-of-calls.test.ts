import { LLMError, type LLMOptions, type LLMResult, type LLMRuntime } from "@atlas/llm";
import { createMockLLM } from "@atlas/llm/mock";
import type { LLMCall } from "@atlas/llm/module";
import type { WorkflowPlugin } from "@atlas/plugins";
import type { RoutingConfig } from "@atlas/routing";
import { expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { createGateway, type Gateway, type GatewayOptions, silentLogger } from "../src/index.ts";

const long = "n".repeat(2_000);
const asking = (call: (llm: Gateway["llm"], signal: AbortSignal) => Promise<unknown>): WorkflowPlugin => ({
  id: "ask.v1",
  async run({ llm, signal, emitArtifact }) {
    // Sound: the calls of these tests are those that both have.
    await call(llm as Gateway["llm"], signal);
    await emitArtifact({ type: "answer", content_md: "done" });
  },
});
const hello = asking((llm) => llm.generateText({ prompt: "Hello" }));

/** A runtime that answers what a careless one would, whatever its type allows. */
function careless(answer: object | null): LLMRuntime {
  // The point of these tests: nobody checks what a runtime resolves with.
  return { generateText: async () => answer as LLMResult };
}

async function run(
  options: Partial<GatewayOptions>,
): Promise<{ readonly calls: readonly LLMCall[]; readonly status: string; readonly data: unknown }> {
  const gateway = await createGateway({
    database: ":memory:",
    env: {},
    log: silentLogger,
    workflows: [hello],
    ...options,
  });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  const { id } = await gateway.jobs.create({ workflow_id: "ask.v1", max_attempts: 1 });
  const { status } = await gateway.jobs.wait(id);
  const [artifact] = (await gateway.repo.findArtifacts({ job_id: id })).items;
  return { calls: await gateway.repo.llm.listCalls(id), status, data: artifact?.data };
}

const routing = (name = "house"): RoutingConfig => ({
  llm: { profiles: { fast: [name] }, limits: { retries: 0 } },
});

it.each<[string, object]>([
  ["no provider", { text: "Ahoy", usage: { inputTokens: 1 } }],
  ["a provider of null", { text: "Ahoy", provider: null }],
  ["a provider that is a number", { text: "Ahoy", provider: 7 }],
  ["an empty provider", { text: "Ahoy", provider: "" }],
  ["a model of null", { text: "Ahoy", provider: "house", model: null }],
  ["usage of null", { text: "Ahoy", provider: "house", usage: null }],
  ["usage that is a text", { text: "Ahoy", provider: "house", usage: "much" }],
])("a runtime that answers with %s is named by its candidate and fails nobody", async (_, answer) => {
  const { calls, status } = await run({ routing: routing(), providers: { house: careless(answer) } });
  expect(status).toBe("succeeded");
  expect(calls).toMatchObject([{ status: "answered", candidate: "house", provider: "house" }]);
  expect(calls[0]).not.toHaveProperty("model");
});

it("a single runtime that names no provider is called unnamed", async () => {
  const { calls, status } = await run({ llm: careless({ text: "Ahoy", model: null }) });
  expect([status, calls[0]?.provider]).toEqual(["succeeded", "unnamed"]);
});

it.each<[string, object | null]>([
  ["nothing", null],
  ["no text", { provider: "house" }],
  ["a text that is none", { text: 7, provider: "house" }],
])("a runtime that answers with %s has failed, with evidence", async (_, answer) => {
  const { calls, status } = await run({ routing: routing(), providers: { house: careless(answer) } });
  expect(status).toBe("failed");
  expect(calls).toMatchObject([{ status: "failed", tries: [{ outcome: "bad_response" }] }]);
});

it.each<[string, object, object]>([
  ["fractions", { inputTokens: 1.6, outputTokens: 2.4 }, { input_tokens: 2, output_tokens: 2 }],
  ["NaN", { inputTokens: Number.NaN, outputTokens: 3 }, { output_tokens: 3 }],
  ["null", { inputTokens: null, outputTokens: 3 }, { output_tokens: 3 }],
  ["less than nothing", { inputTokens: -1, outputTokens: 3 }, { output_tokens: 3 }],
  [
    "more than can be counted",
    { inputTokens: 1e300, outputTokens: 3 },
    { input_tokens: Number.MAX_SAFE_INTEGER, output_tokens: 3 },
  ],
  [
    "cached and reasoning ones too",
    { inputTokens: 9, outputTokens: 3, cachedInputTokens: 8, reasoningTokens: 2 },
    { input_tokens: 9, output_tokens: 3, cached_input_tokens: 8, reasoning_tokens: 2 },
  ],
])("keeps the record of tokens that are %s", async (_, usage, kept) => {
  const house = careless({ text: "Ahoy", provider: "house", usage });
  const { calls } = await run({ routing: routing(), providers: { house } });
  const known = ["input_tokens", "output_tokens", "cached_input_tokens", "reasoning_tokens"] as const;
  const found = Object.fromEntries(
    known.flatMap((name) => (calls[0]?.[name] === undefined ? [] : [[name, calls[0][name]]])),
  );
  expect(found).toEqual(kept);
});

it("keeps the record of names and reasons that are too long, wherever they stand", async () => {
  const attempt = {
    candidate: long,
    outcome: "answered",
    waitedMs: 0,
    durationMs: 0.4,
    code: long,
    message: long,
  };
  const route = {
    profile: long,
    candidate: long,
    attempts: [{ ...attempt, usage: { [long]: 1, inputTokens: Number.NaN } }],
    skipped: [{ candidate: long, reason: long }],
    durationMs: 1,
  };
  const { calls } = await run({ llm: careless({ text: "Ahoy", provider: long, model: long, route }) });
  const short = long.slice(0, 1_000);
  expect(calls).toMatchObject([
    {
      profile: short,
      candidate: short,
      provider: short,
      model: short,
      tries: [{ candidate: short, code: short, message: short, duration_ms: 0, usage: { [short]: 1 } }],
      skipped: [{ candidate: short, reason: short }],
    },
  ]);
});

it("keeps the record of a pause without an end, and of a status that is none", async () => {
  const house: LLMRuntime = {
    generateText: async () => {
      const details = { provider: "house", retryAfterMs: Number.POSITIVE_INFINITY, status: Number.NaN };
      throw new LLMError("ATLAS_LLM_RATE_LIMITED", details, "Wait for ever.");
    },
  };
  const { calls } = await run({ routing: routing(), providers: { house } });
  expect(calls[0]?.tries).toMatchObject([
    { outcome: "rate_limited", retry_after_ms: Number.MAX_SAFE_INTEGER },
  ]);
  expect(calls[0]?.tries[0]).not.toHaveProperty("status");
});

it("keeps the record of a provider's own TypeError, routed or not, and of none for wrong use", async () => {
  const broken: LLMRuntime = {
    generateText: async () => {
      throw new TypeError("Cannot read properties of undefined");
    },
  };
  const single = await run({ llm: broken });
  expect(single.calls).toMatchObject([{ status: "failed", error_code: "TypeError" }]);
  const routed = await run({ routing: routing(), providers: { house: broken } });
  expect(routed.calls).toMatchObject([{ status: "failed", tries: [{ outcome: "failed" }] }]);
  const wrong = await run({ llm: broken, workflows: [asking((llm) => llm.generateText({}))] });
  expect(wrong.calls).toEqual([]);
});

it.each<[string, object]>([
  ["cannot be read", { profile: "fast", attempts: null }],
  ["would be refused", { profile: "fast", attempts: [{ candidate: "house", outcome: 7 }], skipped: [] }],
])("keeps the bare record, and the mark of the mock, where the rest %s", async (_, route) => {
  const { calls, status, data } = await run({
    llm: careless({ text: "Ahoy", provider: "mock", degraded: true, route }),
  });
  expect([status, data]).toEqual(["succeeded", { degraded: true }]);
  expect(calls).toMatchObject([{ status: "answered", degraded: true, tries: [], skipped: [] }]);
});

it("leaves out a correlation that is too long to be stored", async () => {
  const context: LLMOptions["context"] = { correlation_id: "x".repeat(5_000) };
  const { calls } = await run({
    workflows: [asking((llm) => llm.generateText({ prompt: "Hello", context }))],
  });
  expect(calls).toMatchObject([{ status: "answered", candidate: "mock" }]);
  expect(calls[0]).not.toHaveProperty("correlation_id");
});

it("keeps what failed attempts and a repair that failed have cost", async () => {
  const usage = { inputTokens: 4, outputTokens: 2, cachedInputTokens: 1 };
  const house = createMockLLM({
    script: [
      { text: "no JSON", usage },
      new LLMError("ATLAS_LLM_BAD_RESPONSE", { provider: "house", usage }, "Empty."),
    ],
  });
  const schema = z.object({ colour: z.string() });
  const { calls } = await run({
    routing: routing(),
    providers: { house },
    workflows: [asking((llm) => llm.generateObject({ prompt: "Which?", schema, repair: true }))],
  });
  expect(calls).toMatchObject([
    {
      status: "failed",
      error_code: "ATLAS_LLM_ALL_FAILED",
      input_tokens: 8,
      output_tokens: 4,
      cached_input_tokens: 2,
      tries: [
        { outcome: "answered", usage: { input_tokens: 4 } },
        { outcome: "bad_response", repair: true, usage: { input_tokens: 4 } },
      ],
    },
  ]);
});

it("keeps the record of an aborted call: who was asked, and what had been paid", async () => {
  const caller = new AbortController();
  const asked: LLMOptions[] = [];
  const house: LLMRuntime = {
    generateText: (call) => {
      asked.push(call);
      if (asked.length === 1) {
        return Promise.resolve({ text: "no JSON", provider: "house", usage: { inputTokens: 4 } });
      }
      caller.abort(new Error("enough"));
      return new Promise(() => undefined);
    },
  };
  const schema = z.object({ colour: z.string() });
  const { calls } = await run({
    routing: routing(),
    providers: { house },
    workflows: [
      asking((llm) =>
        llm
          .generateObject({ prompt: "Which?", schema, repair: true, signal: caller.signal })
          .catch(() => undefined),
      ),
    ],
  });
  expect(calls).toMatchObject([
    {
      status: "failed",
      profile: "fast",
      input_tokens: 4,
      tries: [
        { candidate: "house", outcome: "answered" },
        { candidate: "house", outcome: "aborted" },
      ],
    },
  ]);
  expect(asked[0]).not.toHaveProperty("onRoute");
});
