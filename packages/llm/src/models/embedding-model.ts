import type { EmbeddingModelV4, EmbeddingModelV4CallOptions, EmbeddingModelV4Result } from "@ai-sdk/provider";
import { LLMError } from "../contract/errors.ts";
import type { KindRouter } from "./kind-router.ts";
import type { ModelSource } from "./model-source.ts";
import { spaceOf } from "./same-space.ts";

const CHARACTERS_PER_TOKEN = 4;
const MOST_LENGTHS = 1_000;

/** The length of the embeddings of each model, by what they were asked with. */
export type EmbeddingLengths = Map<string, number>;

/** Creates an embedding model over a profile. The lengths are those that the router has seen so far, for all profiles. */
export function createEmbeddingModel(
  router: KindRouter,
  profile: string | undefined,
  lengths: EmbeddingLengths,
): EmbeddingModelV4 {
  return {
    specificationVersion: "v4",
    provider: "atlas",
    modelId: router.profileName(profile),
    get maxEmbeddingsPerCall() {
      return leastOf(router, profile);
    },
    get supportsParallelCalls() {
      return allParallel(router, profile);
    },
    async doEmbed(options) {
      const characters = options.values.reduce((sum, { length }) => sum + length, 0);
      const { answer, evidence } = await router.ask("embedding", {
        profile,
        signal: options.abortSignal,
        tokens: Math.ceil(characters / CHARACTERS_PER_TOKEN),
        use(model, { signal, source }) {
          const dimensions = options.dimensions ?? source.embeddingDimensions;
          return model.doEmbed({
            ...options,
            ...(dimensions === undefined ? {} : { dimensions }),
            abortSignal: signal,
          });
        },
        check: (result, { source, model }) => checkEmbeddings(result, { options, source, model, lengths }),
        usage: ({ usage }) => ({ inputTokens: usage?.tokens }),
      });
      return {
        ...answer,
        warnings: answer.warnings ?? [],
        providerMetadata: { ...answer.providerMetadata, atlas: evidence },
      };
    },
  };
}

/** The most values that every model takes in one call. */
async function leastOf(router: KindRouter, profile: string | undefined): Promise<number | undefined> {
  const models = await router.models("embedding", profile);
  const limits = await Promise.allSettled(models.map(async (model) => model.maxEmbeddingsPerCall));
  const known = limits.flatMap((limit) =>
    limit.status === "fulfilled" && limit.value !== undefined && Number.isFinite(limit.value)
      ? [limit.value]
      : [],
  );
  return known.length === 0 ? undefined : Math.min(...known);
}

async function allParallel(router: KindRouter, profile: string | undefined): Promise<boolean> {
  const models = await router.models("embedding", profile);
  const said = await Promise.allSettled(models.map(async (model) => model.supportsParallelCalls));
  return said.every((one) => one.status === "fulfilled" && one.value);
}

/** One embedding for each value, all of one length, which is the length that the same question got before. */
function checkEmbeddings(
  { embeddings }: EmbeddingModelV4Result,
  {
    options,
    source,
    model,
    lengths,
  }: {
    readonly options: EmbeddingModelV4CallOptions;
    readonly source: ModelSource;
    readonly model: string;
    readonly lengths: EmbeddingLengths;
  },
): void {
  const { values, dimensions = source.embeddingDimensions, providerOptions } = options;
  if (!Array.isArray(embeddings) || embeddings.length !== values.length) {
    throw wrong(
      `gave ${Array.isArray(embeddings) ? embeddings.length : "no"} embeddings for ${values.length} values`,
    );
  }
  const [first] = embeddings;
  if (first === undefined) return;
  if (embeddings.some((one) => !Array.isArray(one) || one.length === 0 || !one.every(Number.isFinite))) {
    throw wrong("gave an embedding that is not a list of numbers");
  }
  const key = JSON.stringify([spaceOf(source), dimensions, providerOptions]);
  const wanted =
    source.embeddingDimensions !== undefined && dimensions === source.embeddingDimensions
      ? dimensions
      : lengths.get(key);
  const other = embeddings.find((one) => one.length !== (wanted ?? first.length));
  if (other !== undefined) {
    throw wrong(`gave an embedding of ${other.length} numbers where others have ${wanted ?? first.length}`);
  }
  if (lengths.size >= MOST_LENGTHS) lengths.clear();
  lengths.set(key, first.length);

  function wrong(what: string): LLMError {
    const { provider } = source;
    return new LLMError("ATLAS_LLM_BAD_RESPONSE", { provider, model }, `"${provider}" (${model}) ${what}.`);
  }
}
