import type { EmbeddingModelV4, EmbeddingModelV4CallOptions, EmbeddingModelV4Result } from "@ai-sdk/provider";

/** What an embedder does with one call: embeddings, a whole answer, an error, or whatever a function does. */
export type EmbedderStep =
  | readonly (readonly number[])[]
  | Partial<EmbeddingModelV4Result>
  | Error
  | ((options: EmbeddingModelV4CallOptions) => PromiseLike<EmbeddingModelV4Result>);

/** A hand-made embedding model that keeps what it was asked. Without a step left, it embeds each text as its length. */
export function createEmbedder(
  modelId: string,
  steps: readonly EmbedderStep[] = [],
  limits: Partial<Pick<EmbeddingModelV4, "maxEmbeddingsPerCall" | "supportsParallelCalls">> = {},
): EmbeddingModelV4 & { readonly asked: EmbeddingModelV4CallOptions[] } {
  const asked: EmbeddingModelV4CallOptions[] = [];
  const left = [...steps];
  return {
    specificationVersion: "v4",
    provider: `${modelId}.test`,
    modelId,
    maxEmbeddingsPerCall: 10,
    supportsParallelCalls: true,
    ...limits,
    asked,
    async doEmbed(options) {
      asked.push(options);
      const step = left.shift() ?? options.values.map(({ length }) => [length, 1]);
      if (step instanceof Error) throw step;
      if (typeof step === "function") return step(options);
      if (!isList(step)) return { embeddings: [], warnings: [], ...step };
      return { embeddings: step.map((one) => [...one]), warnings: [] };
    },
  };
}

function isList(step: EmbedderStep): step is readonly (readonly number[])[] {
  return Array.isArray(step);
}
