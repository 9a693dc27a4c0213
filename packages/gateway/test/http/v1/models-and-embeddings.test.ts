import type { CandidateModels } from "@atlas/llm";
import { createTestGateway } from "@atlas/testing";
import OpenAI from "openai";
import { expect, it } from "vitest";
import { createHttp } from "../../../src/http/index.ts";
import { serveModels } from "./served.ts";

const TOKEN = "t0k3n-".repeat(8);
const asked: (readonly string[])[] = [];

const embedding: NonNullable<CandidateModels["embedding"]> = {
  specificationVersion: "v4",
  provider: "mine",
  modelId: "embed-1",
  maxEmbeddingsPerCall: 2,
  supportsParallelCalls: false,
  async doEmbed({ values }) {
    asked.push(values);
    return {
      embeddings: values.map((value) => [value.length, 0.5, -1]),
      usage: { tokens: values.length },
      warnings: [],
    };
  },
};

it("lists the profiles, the default one first, and labels the mock", async () => {
  await using served = await serveModels();
  const list = await served.client.models.list();
  expect(list.data.map(({ id, owned_by }) => [id, owned_by])).toEqual([
    ["house", "house"],
    ["safe", "house"],
    ["mock", "mock"],
  ]);
  expect(await served.client.models.retrieve("mock")).toEqual({
    id: "mock",
    object: "model",
    created: 0,
    owned_by: "mock",
  });
  const unknown = await served.client.models.retrieve("sage").catch((error: unknown) => error);
  expect(unknown).toBeInstanceOf(OpenAI.NotFoundError);
  expect(unknown).toMatchObject({ code: "model_not_found", message: expect.stringContaining('"safe"') });
});

it("embeds texts as numbers and as base64, in calls of a size that the model takes", async () => {
  await using served = await serveModels({ profiles: { house: ["mine"] }, models: { mine: { embedding } } });
  asked.length = 0;
  const input = ["a", "bb", "ccc"];
  // The client asks for base64 unless it is told otherwise.
  const { data, response } = await served.client.embeddings.create({ model: "house", input }).withResponse();
  const numbers = [
    [1, 0.5, -1],
    [2, 0.5, -1],
    [3, 0.5, -1],
  ];
  expect(data.data.map((one) => one.embedding)).toEqual(numbers);
  expect(data).toMatchObject({ model: "house", usage: { prompt_tokens: 3 } });
  expect(asked).toEqual([["a", "bb"], ["ccc"]]);
  expect(response.headers.get("x-atlas-provider")).toBe("mine");
  expect(response.headers.get("x-atlas-attempts")).toBe("2");

  const plain = await served.client.embeddings.create({
    model: "house",
    input: "a",
    encoding_format: "float",
  });
  expect(plain.data[0]?.embedding).toEqual(numbers[0]);
});

it("refuses tokens, unknown fields, and profiles without a model for embeddings", async () => {
  await using served = await serveModels();
  const tokens = await served.post("/v1/embeddings", { model: "house", input: [1, 2] });
  expect(tokens.status).toBe(400);
  expect(await tokens.json()).toMatchObject({
    error: { param: "input", message: expect.stringContaining("send texts") },
  });
  const unknown = await served.post("/v1/embeddings", { model: "house", input: "a", dimension: 3 });
  expect(await unknown.json()).toMatchObject({
    error: { code: "unsupported_parameter", param: "dimension" },
  });
  const none = await served.post("/v1/embeddings", { model: "mock", input: "a" });
  expect(none.status).toBe(503);
});

it("takes a body of 20 MiB, and no more", async () => {
  await using gateway = await createTestGateway();
  const http = createHttp(gateway, { token: TOKEN });
  const ask = (bytes: number) =>
    http.fetch(
      new Request("http://localhost/v1/chat/completions", {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
        body: JSON.stringify({ model: "default", messages: [{ role: "user", content: "a".repeat(bytes) }] }),
      }),
    );
  expect((await ask(19 * 1024 * 1024)).status).toBe(200);
  const tooLarge = await ask(20 * 1024 * 1024);
  expect(tooLarge.status).toBe(413);
  expect(await tooLarge.json()).toMatchObject({ error: { code: "ATLAS_HTTP_BODY_TOO_LARGE" } });
});
