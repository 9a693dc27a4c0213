import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LLMRuntime } from "@atlas/llm";
import { createMockLLM } from "@atlas/llm/mock";
import type { WorkflowPlugin } from "@atlas/plugins";
import type { RoutingConfig } from "@atlas/routing";
import { createFakeClock, createFakeModelServer } from "@atlas/testing";
import { describe, expect, it, onTestFinished } from "vitest";
import { createGateway, type Gateway, type GatewayOptions, silentLogger } from "../src/index.ts";

const canary = "canary-0b77c1d2";

async function open(options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const gateway = await createGateway({ database: ":memory:", env: {}, log: silentLogger, ...options });
  onTestFinished(() => gateway.stop());
  await gateway.start();
  return gateway;
}

function file(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "routing-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "gateway.routing.json");
  writeFileSync(path, text);
  return path;
}

const asking: WorkflowPlugin = {
  id: "ask.v1",
  async run(ctx, { profile }) {
    const { text } = await ctx.llm.generateText({
      prompt: "Hello",
      ...(typeof profile === "string" ? { profile } : {}),
    });
    await ctx.emitArtifact({ type: "answer", content_md: text, data: { kept: true } });
  },
};

const down: LLMRuntime = {
  generateText: async () => {
    throw new Error("down");
  },
};

async function run(gateway: Gateway, input: Record<string, string> = {}) {
  const { id } = await gateway.jobs.create({ workflow_id: "ask.v1", input, max_attempts: 1 });
  const job = await gateway.jobs.wait(id);
  const [artifact] = (await gateway.repo.findArtifacts({ job_id: id })).items;
  return { job, artifact, calls: await gateway.repo.llm.listCalls(id) };
}

describe("the calls of a job", () => {
  it("are kept with it: which model answered, what was tried, how long, how many tokens", async () => {
    const server = await createFakeModelServer();
    onTestFinished(() => server.stop());
    server.reply({ status: 503, message: `Not for ${canary}` }, "Ahoy");
    const house = { base_url: server.urls.openai, model: "house-1", api_key_env: "HOUSE_KEY" };
    const routing: RoutingConfig = {
      llm: { profiles: { fast: ["openai", "house"] }, providers: { house }, limits: { retries: 1 } },
    };
    const gateway = await open({ workflows: [asking], routing, env: { HOUSE_KEY: canary } });
    const { job, artifact, calls } = await run(gateway, { profile: "fast" });
    expect(job.status).toBe("succeeded");
    expect(artifact).toMatchObject({ content_md: "Ahoy", data: { kept: true } });
    expect(artifact?.data).not.toHaveProperty("degraded");
    expect(calls).toEqual([
      {
        job_id: job.id,
        attempt: 1,
        number: 1,
        at: expect.stringMatching(/Z$/),
        method: "text",
        status: "answered",
        profile: "fast",
        candidate: "house",
        provider: "house",
        model: "house-1",
        degraded: false,
        input_tokens: 7,
        output_tokens: 5,
        cached_input_tokens: 0,
        reasoning_tokens: 0,
        duration_ms: expect.any(Number),
        tries: [
          {
            candidate: "house",
            outcome: "unavailable",
            waited_ms: 0,
            duration_ms: expect.any(Number),
            code: "ATLAS_LLM_UNAVAILABLE",
            message: '"house" (house-1) is not available [503]: Not for [redacted]',
            status: 503,
          },
          {
            candidate: "house",
            outcome: "answered",
            waited_ms: expect.any(Number),
            duration_ms: expect.any(Number),
            usage: { input_tokens: 7, output_tokens: 5, cached_input_tokens: 0, reasoning_tokens: 0 },
          },
        ],
        skipped: [{ candidate: "openai", reason: "the environment variable OPENAI_API_KEY is not set" }],
      },
    ]);
    const journal = JSON.stringify((await gateway.repo.listJournal({ after: 0 })).items);
    expect(journal).toContain("llm.call.record");
    expect(journal).not.toContain(canary);
  });

  it("are kept with the correlation of their context, whichever method was called", async () => {
    const context = { correlation_id: "request-7" };
    const correlated: WorkflowPlugin = {
      id: "ask.v1",
      async run({ llm }) {
        await llm.generateText({ prompt: "Hello", context });
        await llm.streamText({ prompt: "Hello", context }).result;
      },
    };
    const { calls } = await run(await open({ workflows: [correlated] }));
    expect(calls.map(({ method, correlation_id }) => [method, correlation_id])).toEqual([
      ["text", "request-7"],
      ["stream", "request-7"],
    ]);
  });

  it("are kept also when nobody answered, and the job says so", async () => {
    const routing: RoutingConfig = { llm: { profiles: { fast: ["house"] } } };
    const gateway = await open({ workflows: [asking], routing, providers: { house: down } });
    const { job, artifact, calls } = await run(gateway);
    expect(job).toMatchObject({ status: "failed", error: { code: "ATLAS_LLM_ALL_FAILED" } });
    expect(artifact).toBeUndefined();
    expect(calls).toMatchObject([
      {
        status: "failed",
        error_code: "ATLAS_LLM_ALL_FAILED",
        profile: "fast",
        tries: [{ candidate: "house", outcome: "failed" }],
      },
    ]);
  });

  it("are numbered, whole, streamed and as objects, and wrong use is none", async () => {
    const gateway = await open({
      workflows: [
        {
          id: "ask.v1",
          async run(ctx) {
            await ctx.llm.generateText({}).catch(() => undefined);
            for await (const _ of ctx.llm.streamText({ prompt: "Hello" }).textStream);
            const schema = {
              "~standard": { version: 1, vendor: "here", validate: (value: unknown) => ({ value }) },
            };
            await ctx.llm.generateObject({ prompt: "Hello", schema: schema as never });
          },
        },
      ],
    });
    const { job, calls } = await run(gateway);
    expect(job.status).toBe("succeeded");
    expect(calls.map(({ number, method, provider }) => [number, method, provider])).toEqual([
      [2, "stream", "mock"],
      [3, "object", "mock"],
    ]);
  });

  it("are kept whatever a provider says of itself", async () => {
    const odd: LLMRuntime = {
      generateText: async () => ({ text: "Hm.", provider: "x".repeat(5_000), model: "half \ud83d" }),
    };
    const gateway = await open({ workflows: [asking], llm: odd });
    const { calls } = await run(gateway);
    expect(calls).toMatchObject([{ provider: "x".repeat(1_000), model: "half \ufffd", tries: [] }]);
    const other = await open({ workflows: [asking], routing: { llm: { profiles: { fast: ["mock"] } } } });
    expect((await run(other, { profile: "fats" })).calls).toMatchObject([
      { status: "failed", error_code: "ATLAS_ROUTING_PROFILE_UNKNOWN", profile: "fats" },
    ]);
  });
});

describe("the mock in place of a model", () => {
  const routing: RoutingConfig = { llm: { profiles: { fast: ["house"] }, fallback: ["mock"] } };

  it("leaves its mark on the artifact and in the evidence", async () => {
    const gateway = await open({ workflows: [asking], routing, providers: { house: down } });
    const { artifact, calls } = await run(gateway);
    expect(artifact?.data).toEqual({ kept: true, degraded: true });
    expect(calls).toMatchObject([{ provider: "mock", candidate: "mock", degraded: true }]);
  });

  it("leaves it also on what a later attempt makes of an answer that a step kept", async () => {
    const stepping: WorkflowPlugin = {
      id: "ask.v1",
      async run(ctx) {
        const text = await ctx.step(
          "ask",
          async () => (await ctx.llm.generateText({ prompt: "Hello" })).text,
        );
        if (ctx.attempt === 1) throw new Error("once");
        await ctx.emitArtifact({ type: "answer", content_md: text });
      },
      retry: { firstDelayMs: 1 },
    };
    const gateway = await open({ workflows: [stepping], routing, providers: { house: down } });
    const { id } = await gateway.jobs.create({ workflow_id: "ask.v1" });
    expect((await gateway.jobs.wait(id)).status).toBe("succeeded");
    const [artifact] = (await gateway.repo.findArtifacts({ job_id: id })).items;
    expect(artifact?.data).toEqual({ degraded: true });
    expect(await gateway.repo.llm.listCalls(id)).toHaveLength(1);
  });
});

describe("a routing file", () => {
  it("is read from its path, also with a byte order mark", async () => {
    const path = file('\uFEFF{ "$schema": "x", "llm": { "profiles": { "fast": ["house", "openai"] } } }');
    const gateway = await open({ routing: path, providers: { house: createMockLLM({ script: ["Ahoy"] }) } });
    expect((await gateway.llm.generateText({ prompt: "Hello", profile: "fast" })).text).toBe("Ahoy");
    expect(gateway.llm.explainRoute("fast")).toEqual({
      profile: "fast",
      candidates: [
        { candidate: "house", from: "profile", state: "ready" },
        {
          candidate: "openai",
          from: "profile",
          state: "skipped",
          reason: "the environment variable OPENAI_API_KEY is not set",
          model: expect.stringMatching(/^gpt/),
        },
      ],
    });
  });

  it.each([
    ["is not JSON", `{ "llm": {\n  "key": "${canary}",\n} }`, "it is not valid JSON"],
    ["is empty", "", "it is not valid JSON"],
    ["has wrong types", '{ "llm": { "profiles": 5 } }', "llm.profiles: expected record, received number."],
    ["has a prototype", '{ "__proto__": {} }', "__proto__: this key is not allowed."],
    [
      "names nobody",
      '{ "llm": { "profiles": { "fast": ["hause"] } } }',
      'llm.profiles.fast[0]: there is no candidate "hause". Did you mean "house"?',
    ],
    ["has no profile", '{ "llm": { "profiles": {} } }', "llm.profiles: expected at least one profile."],
  ])("that %s keeps the gateway from opening, in words", async (_, text, problem) => {
    const path = file(text);
    const error = await createGateway({
      database: ":memory:",
      routing: path,
      providers: { house: down },
    }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ATLAS_ROUTING_CONFIG_INVALID" });
    expect(String(error)).toContain(path);
    expect(String(error)).toContain(problem);
    expect(String(error)).not.toContain(canary);
  });

  it("that is not there keeps it from opening too", async () => {
    await expect(createGateway({ database: ":memory:", routing: "nowhere.json" })).rejects.toThrow(
      "The routing file nowhere.json cannot be used: there is no such file.",
    );
  });

  it("and a runtime of one's own are not both taken", async () => {
    await expect(createGateway({ database: ":memory:", routing: {}, llm: down })).rejects.toThrow(TypeError);
    const gateway = await open({ llm: down });
    expect(() => gateway.llm.explainRoute()).toThrow("explainRoute needs a router");
  });
});

it("puts middleware around every call, the first outermost", async () => {
  const order: string[] = [];
  const note =
    (name: string) =>
    (next: LLMRuntime): LLMRuntime => ({
      generateText(options) {
        order.push(name);
        return next.generateText(options);
      },
    });
  const gateway = await open({ workflows: [asking], llmMiddleware: [note("outer"), note("inner")] });
  await run(gateway);
  await gateway.llm.generateText({ prompt: "Hello" });
  expect(order).toEqual(["outer", "inner", "outer", "inner"]);
});

it("keeps the deadline of a call to a single runtime that follows no signal", async () => {
  const clock = createFakeClock();
  const deaf: LLMRuntime = { generateText: () => new Promise(() => undefined) };
  const gateway = await createGateway({ database: ":memory:", log: silentLogger, llm: deaf, clock });
  onTestFinished(() => gateway.stop());
  const answers = [
    gateway.llm.generateText({ prompt: "Hello", deadlineMs: 2_000 }),
    gateway.llm.streamText({ prompt: "Hello", deadlineMs: 2_000 }).result,
  ];
  clock.advance(2_000);
  for (const answer of answers) await expect(answer).rejects.toMatchObject({ code: "ATLAS_LLM_TIMED_OUT" });
});
