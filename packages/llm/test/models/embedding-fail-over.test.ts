import type { EmbeddingModelV3 } from "@ai-sdk/provider";
import { RoutingError } from "@atlas/routing";
import { createFakeClock } from "@atlas/testing";
import { embed, embedMany } from "ai";
import { describe, expect, it } from "vitest";
import { createLLMRouter, type LLMRouterOptions } from "../../src/index.ts";
import { createMockLLM } from "../../src/mock/index.ts";
import { createEmbedder } from "../support/embedder.ts";

type Embedder = ReturnType<typeof createEmbedder>;

/** A router over hand-made embedding models, in the order of their names. */
function routerOver(embedders: Readonly<Record<string, Embedder>>, options: Partial<LLMRouterOptions> = {}) {
  const models = Object.fromEntries(Object.entries(embedders).map(([id, embedding]) => [id, { embedding }]));
  return createLLMRouter({ models, random: () => 0, policy: { retries: 0 }, ...options });
}

const failing = (status: number, message = "No.") => Object.assign(new Error(message), { status });

describe("fail-over of embeddings", () => {
  it("goes to the next candidate with the same model, and shows both attempts", async () => {
    const first = createEmbedder("small", [failing(503)]);
    const second = createEmbedder("small");
    const router = routerOver({ first, second });
    const { embedding, providerMetadata } = await embed({ model: router.embeddingModel(), value: "sea" });
    expect(embedding).toEqual([3, 1]);
    expect(providerMetadata?.["atlas"]).toMatchObject({
      candidate: "second",
      provider: "second",
      model: "small",
      route: {
        attempts: [{ candidate: "first", outcome: "unavailable", status: 503 }, { candidate: "second" }],
      },
    });
  });

  it("never goes to another model, because its embeddings cannot be compared", async () => {
    const first = createEmbedder("small", [failing(503)]);
    const second = createEmbedder("large");
    const third = createEmbedder("small");
    const router = routerOver({ first, second, third });
    const { embedding, providerMetadata } = await embed({ model: router.embeddingModel(), value: "sea" });
    expect(embedding).toEqual([3, 1]);
    expect(second.asked).toEqual([]);
    expect(providerMetadata?.["atlas"]).toMatchObject({
      candidate: "third",
      route: {
        skipped: [
          {
            candidate: "second",
            reason:
              'its embeddings are those of "large", and cannot be compared with those of "first", "small"',
          },
        ],
      },
    });
  });

  it("stays with the model of the first candidate where that one cannot be asked at all", async () => {
    const config = {
      profiles: { all: ["openai", "other"] },
      providers: { other: { base_url: "http://127.0.0.1:1", embedding_model: "nomic" } },
    };
    const model = createLLMRouter({ config }).embeddingModel();
    await expect(model.doEmbed({ values: ["sea"] })).rejects.toMatchObject({
      code: "ATLAS_LLM_ALL_FAILED",
      route: {
        attempts: [],
        skipped: [
          { candidate: "openai", reason: "the environment variable OPENAI_API_KEY is not set" },
          {
            candidate: "other",
            reason: expect.stringContaining('those of "openai", "text-embedding-3-small"'),
          },
        ],
      },
    });
  });

  it("does not depend on the order that a profile draws", async () => {
    const first = createEmbedder("small");
    const second = createEmbedder("large");
    const config = {
      profiles: { all: { candidates: ["first", "second"], weights: { first: 0, second: 1 } } },
    };
    const model = routerOver({ first, second }, { config }).embeddingModel();
    await model.doEmbed({ values: ["sea"] });
    expect([first.asked.length, second.asked.length]).toEqual([1, 0]);
  });

  it("goes to a model of another name that the file says to be comparable", async () => {
    const first = createEmbedder("text-embedding-3-small", [failing(503)]);
    const second = createEmbedder("our-deployment");
    const space = { embedding_space: "openai-3-small" };
    const config = { profiles: { all: ["first", "second"] }, providers: { first: space, second: space } };
    const model = routerOver({ first, second }, { config }).embeddingModel();
    expect((await model.doEmbed({ values: ["sea"] })).embeddings).toEqual([[3, 1]]);
    expect(second.asked).toHaveLength(1);
  });

  it("does not go to a candidate whose embeddings have another length, and asks for the configured one", async () => {
    const first = createEmbedder("small", [failing(503)]);
    const second = createEmbedder("small");
    const third = createEmbedder("small");
    const two = { embedding_dimensions: 2 };
    const config = {
      profiles: { all: ["first", "second", "third"] },
      providers: { first: two, second: { embedding_dimensions: 512 }, third: two },
    };
    const model = routerOver({ first, second, third }, { config }).embeddingModel();
    const { providerMetadata } = await model.doEmbed({ values: ["sea"] });
    expect(third.asked).toMatchObject([{ dimensions: 2 }]);
    expect(providerMetadata?.["atlas"]).toMatchObject({
      route: {
        skipped: [
          {
            candidate: "second",
            reason: 'its embeddings have 512 numbers, and those of "first" have 2 numbers',
          },
        ],
      },
    });
    await model.doEmbed({ values: ["sea"], dimensions: 7 });
    expect(first.asked.at(-1)?.dimensions ?? third.asked.at(-1)?.dimensions).toBe(7);
  });

  it("skips a candidate without an embedding model, and says how to give it one", async () => {
    const models = { mine: { embedding: createEmbedder("small") } };
    const config = { profiles: { all: ["anthropic-haiku", "house", "mock", "mine"] } };
    const router = createLLMRouter({ models, config, providers: { house: createMockLLM() } });
    const { providerMetadata } = await router.embeddingModel().doEmbed({ values: ["sea"] });
    expect(providerMetadata?.["atlas"]).toMatchObject({
      route: {
        skipped: [
          { candidate: "anthropic-haiku", reason: expect.stringContaining("ANTHROPIC_API_KEY is not set") },
          {
            candidate: "house",
            reason: 'it has no embedding model: pass it as models: { "house": { embedding: … } }',
          },
          { candidate: "mock", reason: expect.stringContaining("it has no embedding model") },
        ],
      },
    });
    const withKey = createLLMRouter({
      models,
      config,
      env: { ANTHROPIC_API_KEY: "k" },
      providers: { house: createMockLLM() },
    });
    const answer = await withKey.embeddingModel().doEmbed({ values: ["sea"] });
    expect(JSON.stringify(answer.providerMetadata)).toContain(
      "it has no embedding model: set llm.providers.anthropic-haiku.embedding_model",
    );
  });
});

describe("an answer that is none", () => {
  const cases: readonly [string, Parameters<typeof createEmbedder>[1]][] = [
    ["too few embeddings", [[[1, 2]]]],
    [
      "too many",
      [
        [
          [1, 2],
          [1, 2],
          [1, 2],
        ],
      ],
    ],
    ["an empty one", [[[1, 2], []]]],
    [
      "NaN",
      [
        [
          [1, 2],
          [Number.NaN, 2],
        ],
      ],
    ],
    [
      "two lengths",
      [
        [
          [1, 2],
          [1, 2, 3],
        ],
      ],
    ],
    ["no list", [{ embeddings: "no" as never }]],
    ["a hole", [{ embeddings: [[1, 2], null as never] }]],
  ];
  it.each(cases)("%s: the next candidate's turn", async (_, steps) => {
    const router = routerOver({ first: createEmbedder("small", steps), second: createEmbedder("small") });
    const answer = await router.embeddingModel().doEmbed({ values: ["sea", "hill"] });
    expect(answer.embeddings).toEqual([
      [3, 1],
      [4, 1],
    ]);
    expect(answer.providerMetadata?.["atlas"]).toMatchObject({
      route: { attempts: [{ candidate: "first", outcome: "bad_response" }, { candidate: "second" }] },
    });
  });

  it("is one of another length than the same question got before, whoever gave it", async () => {
    const first = createEmbedder("small", [[[1, 2]], failing(503), failing(503)]);
    const second = createEmbedder("small", [[[1, 2, 3]], [[1, 2, 3]]]);
    const router = routerOver({ first, second });
    await router.embeddingModel().doEmbed({ values: ["sea"] });
    await expect(router.embeddingModel().doEmbed({ values: ["sea"] })).rejects.toMatchObject({
      message: expect.stringContaining("gave an embedding of 3 numbers where others have 2"),
    });
    // What was asked otherwise may have another length.
    const other = await router.embeddingModel().doEmbed({ values: ["sea"], dimensions: 3 });
    expect(other.embeddings[0]).toHaveLength(3);
  });

  it("is one of another length than the configured one, even the first time", async () => {
    const config = { profiles: { all: ["only"] }, providers: { only: { embedding_dimensions: 3 } } };
    const router = routerOver({ only: createEmbedder("small") }, { config });
    await expect(router.embeddingModel().doEmbed({ values: ["sea"] })).rejects.toMatchObject({
      message: expect.stringContaining("gave an embedding of 2 numbers where others have 3"),
    });
  });

  it("but no values have no embeddings", async () => {
    const router = routerOver({ only: createEmbedder("small") });
    expect((await router.embeddingModel().doEmbed({ values: [] })).embeddings).toEqual([]);
  });
});

describe("what the AI SDK asks a model before a call", () => {
  it("is answered for all candidates that may be asked: the least, and only what all can", async () => {
    const first = createEmbedder("small", [], { maxEmbeddingsPerCall: Promise.resolve(7) });
    const second = createEmbedder("small", [], {
      maxEmbeddingsPerCall: 3,
      supportsParallelCalls: Promise.resolve(false),
    });
    const third = createEmbedder("small", [], { maxEmbeddingsPerCall: undefined });
    const other = createEmbedder("large", [], { maxEmbeddingsPerCall: 1 });
    const model = routerOver({ first, second, third, other }).embeddingModel();
    expect(await model.maxEmbeddingsPerCall).toBe(3);
    expect(await model.supportsParallelCalls).toBe(false);
    const values = ["a", "bb", "ccc", "dddd"];
    const { embeddings } = await embedMany({ model, values });
    expect(embeddings.map(([length]) => length)).toEqual([1, 2, 3, 4]);
    expect(first.asked.map(({ values: asked }) => asked.length)).toEqual([3, 1]);
  });

  it("leaves out a candidate that cannot be asked at all", async () => {
    const models = {
      mine: { embedding: createEmbedder("text-embedding-3-small", [], { maxEmbeddingsPerCall: 5_000 }) },
    };
    const config = { profiles: { all: ["openai", "mine"] } };
    const limit = (env: Record<string, string>) =>
      createLLMRouter({ models, config, env }).embeddingModel().maxEmbeddingsPerCall;
    expect(await limit({})).toBe(5_000);
    expect(await limit({ OPENAI_API_KEY: "k" })).toBe(2_048);
  });

  it("has no limit where no candidate has one, and survives a candidate that does not say it", async () => {
    const boundless = createEmbedder("small", [], { maxEmbeddingsPerCall: Number.POSITIVE_INFINITY });
    const refused: PromiseLike<never> = {
      // biome-ignore lint/suspicious/noThenProperty: a promise that has been rejected before anybody listens fails the run.
      then: (_, reject) => Promise.reject(new Error("unknown")).then(null, reject),
    };
    const silent = createEmbedder("small", [], { supportsParallelCalls: refused });
    Object.defineProperty(silent, "maxEmbeddingsPerCall", {
      get: () => {
        throw new Error("unknown");
      },
    });
    expect(await routerOver({ boundless }).embeddingModel().maxEmbeddingsPerCall).toBeUndefined();
    const model = routerOver({ boundless, silent }).embeddingModel();
    expect(await model.maxEmbeddingsPerCall).toBeUndefined();
    expect(await model.supportsParallelCalls).toBe(false);
  });
});

it("is told of the end of its attempt, also where the caller never leaves", async () => {
  const clock = createFakeClock();
  const slow = createEmbedder("small", [() => new Promise(() => undefined)]);
  const quick = createEmbedder("small");
  const router = routerOver({ slow, quick }, { clock, policy: { retries: 0, attemptMs: 1_000 } });
  const answer = router.embeddingModel().doEmbed({ values: ["sea"] });
  await clock.advance(1_000);
  expect(await answer).toMatchObject({
    embeddings: [[3, 1]],
    providerMetadata: { atlas: { route: { attempts: [{ candidate: "slow", outcome: "timed_out" }, {}] } } },
  });
  expect(slow.asked[0]?.abortSignal?.aborted).toBe(true);
});

describe("models of the host", () => {
  it("of a kind that does not exist are refused at once", () => {
    const models = { mine: { embeddings: createEmbedder("small") } };
    expect(() => createLLMRouter({ models: models as never })).toThrow(
      'createLLMRouter\'s models: "mine": "embeddings" is not an option. Did you mean "embedding"?',
    );
  });

  it("in the place of a service's do not repeat its key, and leave it its models for text", async () => {
    const key = "canary-of-openai-1234567";
    const own = createEmbedder("own", [failing(503, `It says ${key}.`)]);
    const config = { profiles: { all: ["openai"] } };
    const router = routerOver({ openai: own }, { config, env: { OPENAI_API_KEY: key } });
    const error = await router
      .embeddingModel()
      .doEmbed({ values: ["sea"] })
      .then(String, String);
    expect(error).toContain("[redacted]");
    expect(error).not.toContain("canary");
    expect(router.explainRoute().candidates).toMatchObject([{ candidate: "openai", state: "ready" }]);
  });

  it("are all that a runtime in the place of a service has", async () => {
    const config = { profiles: { all: ["openai"] } };
    const router = createLLMRouter({
      config,
      env: { OPENAI_API_KEY: "k" },
      providers: { openai: createMockLLM() },
    });
    await expect(router.embeddingModel().doEmbed({ values: ["sea"] })).rejects.toMatchObject({
      route: {
        skipped: [{ reason: 'it has no embedding model: pass it as models: { "openai": { embedding: … } }' }],
      },
    });
  });
});

describe("the memory of the router", () => {
  it("is the same for embeddings and for text: places, pauses, and what a minute allows", async () => {
    const clock = createFakeClock();
    const mine = createEmbedder("small", [Object.assign(failing(429), { headers: { "retry-after": "7" } })]);
    const router = routerOver(
      { mine },
      {
        clock,
        providers: { mine: createMockLLM() },
        config: { profiles: { all: ["mine"] }, limits: { deadline_ms: 5_000 } },
      },
    );
    await expect(router.embeddingModel().doEmbed({ values: ["sea"] })).rejects.toMatchObject({
      route: { attempts: [{ outcome: "rate_limited", retryAfterMs: 7_000 }] },
    });
    await expect(router.generateText({ prompt: "Hello" })).rejects.toMatchObject({ route: { attempts: [] } });
    expect(router.explainRoute().candidates[0]?.reason).toContain("skipped for another 7 s");
  });

  it("counts the tokens of embeddings", async () => {
    const counted = { embeddings: [[1, 2]], usage: { tokens: 90 } };
    const mine = createEmbedder("small", [counted]);
    const config = { profiles: { all: ["mine"] }, providers: { mine: { tokens_per_minute: 100 } } };
    const router = routerOver({ mine }, { config, clock: createFakeClock(), policy: { deadlineMs: 1_000 } });
    const model = router.embeddingModel();
    await model.doEmbed({ values: ["sea"] });
    await expect(model.doEmbed({ values: ["x".repeat(80)] })).rejects.toMatchObject({
      route: {
        skipped: [{ reason: expect.stringContaining("its limit of 100 tokens per minute is reached") }],
      },
    });
    expect(mine.asked).toHaveLength(1);
  });

  it("gives the place back after every way to end", async () => {
    const clock = createFakeClock();
    const hang = ({ abortSignal }: { abortSignal?: AbortSignal }) =>
      new Promise<never>((_, reject) => {
        abortSignal?.addEventListener("abort", () => reject(new Error("late")));
      });
    const mine = createEmbedder("small", [failing(400), hang]);
    const config = { profiles: { all: ["mine"] }, limits: { max_concurrency: 1 } };
    const router = routerOver({ mine }, { clock, config, policy: { retries: 0 } });
    const model = router.embeddingModel();
    await expect(model.doEmbed({ values: ["sea"] })).rejects.toMatchObject({ code: "ATLAS_LLM_REJECTED" });
    const leaving = new AbortController();
    const left = model.doEmbed({ values: ["sea"], abortSignal: leaving.signal });
    leaving.abort(new Error("enough"));
    await expect(left).rejects.toThrow("enough");
    expect((await model.doEmbed({ values: ["sea"] })).embeddings).toEqual([[3, 1]]);
  });
});

it("shows each attempt to `around`, with the name of the embedding model", async () => {
  const seen: unknown[] = [];
  const mine = createEmbedder("small");
  const router = routerOver(
    { mine },
    {
      around: (next, info) => {
        seen.push(info);
        return next;
      },
    },
  );
  await router.embeddingModel().doEmbed({ values: ["sea"] });
  expect(seen).toEqual([{ candidate: "mine", model: "small" }]);
  const refusing = routerOver(
    { mine },
    {
      around: () => {
        throw new Error("Over budget.");
      },
    },
  );
  await expect(refusing.embeddingModel().doEmbed({ values: ["sea"] })).rejects.toThrow("Over budget.");
  expect(mine.asked).toHaveLength(1);
});

it("passes on everything that it was asked with, and what the provider says itself", async () => {
  const said = {
    embeddings: [[1, 2]],
    providerMetadata: { house: { id: "7" } },
    response: { headers: { "x-id": "7" } },
  };
  const mine = createEmbedder("small", [{ ...said, warnings: [{ type: "other", message: "Careful." }] }]);
  const options = { values: ["sea"], headers: { "x-own": "1" }, providerOptions: { house: { user: "ada" } } };
  const answer = await routerOver({ mine }).embeddingModel().doEmbed(options);
  expect(mine.asked).toMatchObject([options]);
  expect(answer).toMatchObject({ ...said, warnings: [{ message: "Careful." }] });
});

it("takes a model of the older specification, which may give no warnings", async () => {
  const { asked, ...model } = createEmbedder("small", [
    { embeddings: [[1, 2]], warnings: undefined as never },
  ]);
  // Its warnings have fewer types, and this one gives none at all.
  const old = { ...model, specificationVersion: "v3" } as unknown as EmbeddingModelV3;
  const router = createLLMRouter({ models: { old: { embedding: old } } });
  expect(await router.embeddingModel().doEmbed({ values: ["sea"] })).toMatchObject({ warnings: [] });
  expect(asked).toHaveLength(1);
});

it("refuses a profile that does not exist at once, and every profile is the same without a configuration", () => {
  const embedders = { mine: createEmbedder("small") };
  const router = routerOver(embedders, { config: { profiles: { fast: ["mine"] } } });
  expect(() => router.embeddingModel("fats")).toThrow(RoutingError);
  expect(router.embeddingModel("fast")).toMatchObject({ provider: "atlas", modelId: "fast" });
  expect(routerOver(embedders).embeddingModel("anything").modelId).toBe("default");
});

it("is not asked for text where the host gave it no runtime", async () => {
  const router = routerOver(
    { mine: createEmbedder("small") },
    { config: { profiles: { all: ["mine", "mock"] } } },
  );
  const { provider, route } = await router.generateText({ prompt: "Hello" });
  expect(provider).toBe("mock");
  expect(route?.skipped).toEqual([
    { candidate: "mine", reason: "it has no model for text: pass a runtime of that name in `providers`" },
  ]);
});
