import {
  builtInCandidates,
  type ModelKind,
  services,
  serviceTypeOf,
  serviceTypes,
} from "@atlas/routing/internal";
import { createFakeClock } from "@atlas/testing";
import { embed, embedMany, generateImage, generateSpeech, rerank, transcribe } from "ai";
import { describe, expect, it } from "vitest";
import { createLLMRouter, type LLMRouterOptions } from "../../src/index.ts";
import { loadService } from "../../src/providers/load-service.ts";
import { newServices } from "../support/new-services.ts";
import { openServiceServer, type ServiceServer } from "../support/service-server.ts";

const key = "canary-5b12c0de";
const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function routerTo(server: ServiceServer, options: Partial<LLMRouterOptions> = {}) {
  return createLLMRouter({
    config: { profiles: { all: ["openai"] } },
    env: { OPENAI_API_KEY: key },
    fetch: server.fetch,
    random: () => 0,
    ...options,
  });
}

/** Embeds each text as its length. */
function embedding(server: ServiceServer): void {
  server.on("/embeddings", ({ body }) => {
    const { input } = body as { readonly input: readonly string[] };
    const data = input.map((text, index) => ({ object: "embedding", index, embedding: [text.length, 0.5] }));
    return { body: { object: "list", model: "m", data, usage: { prompt_tokens: 4, total_tokens: 4 } } };
  });
}

const evidence = (model: string) => ({
  candidate: "openai",
  provider: "openai",
  model,
  route: { profile: "all", candidate: "openai", attempts: [{ outcome: "answered" }], skipped: [] },
});

describe("OpenAI, by the real package and the functions of the AI SDK", () => {
  it("embeds", async () => {
    const server = await openServiceServer();
    embedding(server);
    const model = routerTo(server).embeddingModel("all");
    const result = await embed({ model, value: "sea", dimensions: 2, maxRetries: 0 });
    expect(result).toMatchObject({ embedding: [3, 0.5], usage: { tokens: 4 } });
    const atlas = evidence("text-embedding-3-small");
    expect(result.providerMetadata).toMatchObject({ atlas });
    expect(result.providerMetadata?.["atlas"]).toMatchObject({
      route: { attempts: [{ usage: { inputTokens: 4 } }] },
    });
    expect(server.requests).toMatchObject([
      {
        url: "https://api.openai.com/v1/embeddings",
        headers: { authorization: `Bearer ${key}` },
        body: { model: "text-embedding-3-small", input: ["sea"], dimensions: 2 },
      },
    ]);
  });

  it("embeds many values, in as many calls as the model needs", async () => {
    const server = await openServiceServer();
    embedding(server);
    const values = Array.from({ length: 2_100 }, (_, index) => "x".repeat(1 + (index % 3)));
    const model = routerTo(server).embeddingModel();
    expect(await model.maxEmbeddingsPerCall).toBe(2_048);
    expect(await model.supportsParallelCalls).toBe(true);
    const { embeddings } = await embedMany({ model, values, maxRetries: 0 });
    expect(embeddings.map(([length]) => length)).toEqual(values.map(({ length }) => length));
    expect(server.requests).toHaveLength(2);
  });

  it("takes larger answers than for texts: 2,048 embeddings are some 75 MB", async () => {
    const server = await openServiceServer();
    const embeddings = (bytes: number) => {
      const data = [{ object: "embedding", index: 0, embedding: [1, 2] }];
      server.on("/embeddings", { body: JSON.stringify({ object: "list", data }).padEnd(bytes, " ") });
    };
    const { doEmbed } = routerTo(server).embeddingModel();
    embeddings(11_000_000);
    expect((await doEmbed({ values: ["sea"] })).embeddings).toEqual([[1, 2]]);
    server.on("/responses", { body: "".padEnd(11_000_000, " ") });
    await expect(routerTo(server).generateText({ prompt: "Hello" })).rejects.toMatchObject({
      message: expect.stringContaining("larger than 10000000 bytes"),
    });
  });

  it("makes images, with the evidence at each", async () => {
    const server = await openServiceServer();
    server.on("/images/generations", {
      body: { created: 0, data: [{ b64_json: png }, { b64_json: png }] },
    });
    const model = routerTo(server).imageModel();
    const { images, providerMetadata } = await generateImage({
      model,
      prompt: "The sea",
      n: 2,
      maxRetries: 0,
    });
    expect(images).toHaveLength(2);
    expect(server.requests).toMatchObject([{ body: { model: "gpt-image-2", n: 2, prompt: "The sea" } }]);
    const atlas = evidence("gpt-image-2");
    expect(providerMetadata["atlas"]).toMatchObject({ images: [atlas, atlas] });
    expect(providerMetadata["openai"]?.images).toHaveLength(2);
  });

  it("reads aloud", async () => {
    const server = await openServiceServer();
    const audio = new Uint8Array([255, 251, 1, 2]);
    server.on("/audio/speech", { headers: { "content-type": "audio/mpeg" }, body: audio });
    const model = routerTo(server).speechModel();
    const result = await generateSpeech({ model, text: "Ahoy", voice: "alloy", maxRetries: 0 });
    expect(result.audio.uint8Array).toEqual(audio);
    expect(result.providerMetadata).toMatchObject({ atlas: evidence("gpt-4o-mini-tts") });
    expect(server.requests).toMatchObject([
      { body: { model: "gpt-4o-mini-tts", input: "Ahoy", voice: "alloy" } },
    ]);
  });

  it("writes speech down", async () => {
    const server = await openServiceServer();
    server.on("/audio/transcriptions", { body: { text: "Ahoy there." } });
    const model = routerTo(server).transcriptionModel();
    const audio = new Uint8Array([82, 73, 70, 70, 0, 0, 0, 0, 87, 65, 86, 69]);
    const result = await transcribe({ model, audio, maxRetries: 0 });
    expect(result.text).toBe("Ahoy there.");
    expect(result.providerMetadata).toMatchObject({ atlas: evidence("gpt-4o-transcribe") });
    expect(String(server.requests[0]?.body)).toContain("gpt-4o-transcribe");
  });
});

it("Bedrock sorts documents, at the address of its agents", async () => {
  const server = await openServiceServer();
  server.on("/rerank", {
    body: {
      results: [
        { index: 1, relevanceScore: 0.9 },
        { index: 0, relevanceScore: 0.1 },
      ],
    },
  });
  const router = createLLMRouter({
    config: {
      profiles: { all: ["bedrock"] },
      providers: { bedrock: { region: "eu-west-1", reranking_model: "cohere.rerank-v3-5:0" } },
    },
    env: { AWS_BEARER_TOKEN_BEDROCK: key },
    fetch: server.fetch,
  });
  const documents = ["a hill", "the sea"];
  const model = router.rerankingModel();
  const { rerankedDocuments, providerMetadata } = await rerank({
    model,
    documents,
    query: "salt",
    maxRetries: 0,
  });
  expect(rerankedDocuments).toEqual(["the sea", "a hill"]);
  expect(providerMetadata).toMatchObject({ atlas: { candidate: "bedrock", model: "cohere.rerank-v3-5:0" } });
  expect(server.requests).toMatchObject([
    {
      url: "https://bedrock-agent-runtime.eu-west-1.amazonaws.com/rerank",
      headers: { authorization: `Bearer ${key}` },
    },
  ]);
  // It has no model for text, and says so where it is asked for one.
  expect(router.explainRoute().candidates).toMatchObject([
    { state: "skipped", reason: "it has no model: set llm.providers.bedrock.model" },
  ]);
});

describe("a service whose key is refused", () => {
  it("is refused for all kinds, and no message repeats the key", async () => {
    const server = await openServiceServer();
    server.on("/embeddings", {
      status: 401,
      body: { error: { message: `Incorrect API key provided: ${key}`, code: "invalid_api_key" } },
    });
    const router = routerTo(server);
    const error = await embed({ model: router.embeddingModel(), value: "sea", maxRetries: 0 }).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({
      code: "ATLAS_LLM_ALL_FAILED",
      route: { attempts: [{ candidate: "openai", outcome: "misconfigured", status: 401 }] },
    });
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain("canary");
    await expect(router.generateText({ prompt: "Hello" })).rejects.toMatchObject({ route: { attempts: [] } });
    expect(server.requests).toHaveLength(1);
  });

  it("but an embedding model that it does not know costs only the embeddings", async () => {
    const server = await openServiceServer();
    server.on("/embeddings", {
      status: 404,
      body: { error: { message: "The model does not exist.", code: "model_not_found" } },
    });
    const router = routerTo(server);
    const model = router.embeddingModel();
    const failure = { route: { attempts: [{ outcome: "failed", status: 404 }] } };
    await expect(model.doEmbed({ values: ["sea"] })).rejects.toMatchObject(failure);
    await expect(model.doEmbed({ values: ["sea"] })).rejects.toMatchObject({
      route: {
        attempts: [],
        skipped: [
          {
            candidate: "openai",
            reason: 'its embedding model "text-embedding-3-small" cannot be used, skipped for another 300 s',
          },
        ],
      },
    });
    expect(await router.generateText({ prompt: "Hello" })).toMatchObject({ text: "Ahoy" });
  });
});

it("a package without models of a kind costs only that kind", async () => {
  const server = await openServiceServer();
  const router = createLLMRouter({
    config: { profiles: { all: ["groq"] }, providers: { groq: { embedding_model: "none" } } },
    env: { GROQ_API_KEY: key },
    fetch: server.fetch,
  });
  await expect(router.embeddingModel().doEmbed({ values: ["sea"] })).rejects.toMatchObject({
    code: "ATLAS_LLM_ALL_FAILED",
    route: { attempts: [{ candidate: "groq", outcome: "failed" }] },
  });
  expect(await router.generateText({ prompt: "Hello" })).toMatchObject({ text: "Ahoy" });
});

describe("the kinds that the table says a package offers", () => {
  const kinds: readonly ModelKind[] = ["embedding", "image", "speech", "transcription", "reranking"];
  it.each(serviceTypes)("%s: are those that it offers", async (type) => {
    const known = newServices.filter(({ name }) => name === type).at(-1);
    const service = await loadService(type, {
      name: type,
      baseURL: services[type].baseUrl ?? "https://house.example/v1",
      apiKey: known?.env["GOOGLE_CLIENT_EMAIL"] === undefined ? key : undefined,
      insteadOfKey: {},
      settings: { region: "eu-west-1", resource_name: "house", project: "p", location: "global" },
      structuredOutputs: false,
      fetch: globalThis.fetch,
      clock: createFakeClock(),
    });
    const offered = kinds.filter((kind) => {
      try {
        return service[`${kind}Model`]?.("m") !== undefined;
      } catch {
        return false;
      }
    });
    expect(offered).toEqual(services[type].kinds);
  });

  it("include those of the built-in candidates", () => {
    for (const [name, { type, model, ...models }] of builtInCandidates) {
      const named = Object.keys(models).map((option) => option.replace(/_model$/, ""));
      expect(services[serviceTypeOf(name, type)].kinds, name).toEqual(expect.arrayContaining(named));
      expect(model === undefined || model.length > 0).toBe(true);
    }
  });
});
