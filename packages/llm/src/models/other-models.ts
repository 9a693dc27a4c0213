import type {
  ImageModelV4,
  ImageModelV4Result,
  RerankingModelV4,
  RerankingModelV4CallOptions,
  SpeechModelV4,
  TranscriptionModelV4,
} from "@ai-sdk/provider";
import { LLMError } from "../contract/errors.ts";
import type { KindRouter } from "./kind-router.ts";
import type { ModelSource } from "./model-source.ts";

/** Creates an image model over a profile. */
export function createImageModel(router: KindRouter, profile: string | undefined): ImageModelV4 {
  return {
    ...identity(router, profile),
    async maxImagesPerCall() {
      const models = await router.models("image", profile);
      const limits = await Promise.allSettled(
        models.map(async ({ maxImagesPerCall: limit, modelId }) =>
          typeof limit === "function" ? limit({ modelId }) : limit,
        ),
      );
      // The AI SDK asks for one image a call where the limit is unknown, so one unknown limit is enough.
      const known = limits.map((limit) => (limit.status === "fulfilled" ? limit.value : undefined) ?? 1);
      return known.length === 0 ? undefined : Math.min(...known);
    },
    get supportsFileInputs() {
      return agreed(router, profile, "supportsFileInputs");
    },
    get supportsMaskInputs() {
      return agreed(router, profile, "supportsMaskInputs");
    },
    async doGenerate(options) {
      const { answer, evidence } = await router.ask("image", {
        profile,
        signal: options.abortSignal,
        use: (model, { signal }) => model.doGenerate({ ...options, abortSignal: signal }),
        check: checkImages,
        usage: ({ usage }) => ({ inputTokens: usage?.inputTokens, outputTokens: usage?.outputTokens }),
      });
      // `generateImage` keeps of each provider what it says about each image.
      const images = [...answer.images].map(() => evidence);
      return { ...answer, providerMetadata: { ...answer.providerMetadata, atlas: { images } } };
    },
  };
}

/** Creates a speech model over a profile. */
export function createSpeechModel(router: KindRouter, profile: string | undefined): SpeechModelV4 {
  return {
    ...identity(router, profile),
    async doGenerate(options) {
      const { answer, evidence } = await router.ask("speech", {
        profile,
        signal: options.abortSignal,
        use: (model, { signal }) => model.doGenerate({ ...options, abortSignal: signal }),
        check({ audio }, attempt) {
          const isThere = typeof audio === "string" || audio instanceof Uint8Array;
          if (!isThere || audio.length === 0) throw badAnswer(attempt, "gave no audio");
        },
      });
      return { ...answer, providerMetadata: { ...answer.providerMetadata, atlas: evidence } };
    },
  };
}

/** Creates a transcription model over a profile. An empty text is an answer: nobody spoke. */
export function createTranscriptionModel(
  router: KindRouter,
  profile: string | undefined,
): TranscriptionModelV4 {
  return {
    ...identity(router, profile),
    async doGenerate(options) {
      const { answer, evidence } = await router.ask("transcription", {
        profile,
        signal: options.abortSignal,
        use: (model, { signal }) => model.doGenerate({ ...options, abortSignal: signal }),
        check({ text }, attempt) {
          if (typeof text !== "string") throw badAnswer(attempt, "gave no text");
        },
      });
      return { ...answer, providerMetadata: { ...answer.providerMetadata, atlas: evidence } };
    },
  };
}

/** Creates a reranking model over a profile. */
export function createRerankingModel(router: KindRouter, profile: string | undefined): RerankingModelV4 {
  return {
    ...identity(router, profile),
    async doRerank(options) {
      const { answer, evidence } = await router.ask("reranking", {
        profile,
        signal: options.abortSignal,
        use: (model, { signal }) => model.doRerank({ ...options, abortSignal: signal }),
        check({ ranking }, attempt) {
          if (!isRankingOf(ranking, options)) throw badAnswer(attempt, "gave no ranking of the documents");
        },
      });
      return { ...answer, providerMetadata: { ...answer.providerMetadata, atlas: evidence } };
    },
  };
}

function identity(router: KindRouter, profile: string | undefined) {
  return { specificationVersion: "v4", provider: "atlas", modelId: router.profileName(profile) } as const;
}

/** What all image models say about themselves; `undefined` if one does not say it. */
async function agreed(
  router: KindRouter,
  profile: string | undefined,
  feature: "supportsFileInputs" | "supportsMaskInputs",
): Promise<boolean | undefined> {
  const models = await router.models("image", profile);
  const settled = await Promise.allSettled(models.map(async (model) => model[feature]));
  const said = settled.map((one) => (one.status === "fulfilled" ? one.value : undefined));
  if (said.includes(false)) return false;
  return said.length === 0 || said.includes(undefined) ? undefined : true;
}

type Attempt = { readonly source: ModelSource; readonly model: string };

function checkImages({ images, isRetryable }: ImageModelV4Result, attempt: Attempt): void {
  if (Array.isArray(images) && images.length > 0) return;
  if (isRetryable !== false) throw badAnswer(attempt, "gave no image");
  const { provider } = attempt.source;
  const message = `"${provider}" (${attempt.model}) gave no image, and will give none for this request.`;
  throw new LLMError("ATLAS_LLM_REJECTED", { provider, model: attempt.model }, message);
}

function isRankingOf(ranking: unknown, { documents, topN }: RerankingModelV4CallOptions): boolean {
  const { length } = documents.values;
  if (!Array.isArray(ranking) || ranking.length > length) return false;
  if (ranking.length === 0) return length === 0 || topN === 0;
  const indexes = new Set(ranking.map((one: { readonly index?: unknown }) => one?.index));
  if (indexes.size !== ranking.length) return false;
  return [...indexes].every(
    (index) => Number.isInteger(index) && Number(index) >= 0 && Number(index) < length,
  );
}

function badAnswer({ source: { provider }, model }: Attempt, what: string): LLMError {
  return new LLMError("ATLAS_LLM_BAD_RESPONSE", { provider, model }, `"${provider}" (${model}) ${what}.`);
}
