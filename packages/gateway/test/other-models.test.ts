import type { CandidateModels } from "@atlas/llm";
import { createMockLLM } from "@atlas/llm/mock";
import { expect, it, onTestFinished } from "vitest";
import { createGateway } from "../src/index.ts";

const embedding: NonNullable<CandidateModels["embedding"]> = {
  specificationVersion: "v4",
  provider: "house",
  modelId: "small",
  maxEmbeddingsPerCall: 10,
  supportsParallelCalls: true,
  doEmbed: async ({ values }: { readonly values: readonly string[] }) => ({
    embeddings: values.map(({ length }) => [length]),
    warnings: [],
  }),
};

it("offers models for other things than text, by the profiles of the routing file", async () => {
  const gateway = await createGateway({
    database: ":memory:",
    routing: { llm: { profiles: { search: ["mine"] } } },
    models: { mine: { embedding } },
    env: {},
  });
  onTestFinished(() => gateway.stop());
  const result = await gateway.embeddingModel("search").doEmbed({ values: ["sea"] });
  expect(result.embeddings).toEqual([[3]]);
  expect(result.providerMetadata).toMatchObject({ atlas: { candidate: "mine", model: "small" } });
  const kinds = [gateway.imageModel, gateway.speechModel, gateway.transcriptionModel, gateway.rerankingModel];
  expect(kinds.map((of) => of("search").modelId)).toEqual(Array(4).fill("search"));
});

it("cannot offer them over a single runtime, and says what to pass instead", async () => {
  const gateway = await createGateway({ database: ":memory:", llm: createMockLLM() });
  onTestFinished(() => gateway.stop());
  expect(() => gateway.embeddingModel()).toThrow(
    "embeddingModel needs a router, but this gateway got a single runtime as `llm`. Pass `routing` and `providers` instead of `llm`.",
  );
  const options = { database: ":memory:", llm: createMockLLM(), models: { mine: { embedding } } };
  await expect(createGateway(options)).rejects.toThrow("`llm` cannot be combined with");
});
