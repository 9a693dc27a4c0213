import { createEmbeddingModel, type EmbeddingLengths } from "./embedding-model.ts";
import type { KindRouter } from "./kind-router.ts";
import type { ModelOfKind } from "./model-kind.ts";
import {
  createImageModel,
  createRerankingModel,
  createSpeechModel,
  createTranscriptionModel,
} from "./other-models.ts";

/**
 * Models of the AI SDK besides those for text, each over the candidates of a profile. They share circuits, places and limits
 * with calls for text. A candidate without a model of the kind is skipped, and the evidence says how to give it one. Where
 * no profile is given, they use the default profile. Each method throws `ATLAS_ROUTING_PROFILE_UNKNOWN`.
 */
export interface RoutedModels {
  /**
   * For `embed` and `embedMany`. Embeddings of two models cannot be compared, so only candidates are asked that have the
   * embedding model of the first candidate of the profile that has one.
   */
  embeddingModel(profile?: string): ModelOfKind["embedding"];
  /** For `generateImage`. */
  imageModel(profile?: string): ModelOfKind["image"];
  /** For `generateSpeech`. */
  speechModel(profile?: string): ModelOfKind["speech"];
  /** For `transcribe`. Transcriptions as a stream are not routed. */
  transcriptionModel(profile?: string): ModelOfKind["transcription"];
  /** For `rerank`. */
  rerankingModel(profile?: string): ModelOfKind["reranking"];
}

/** Creates them over a router. */
export function createRoutedModels(router: KindRouter): RoutedModels {
  const lengths: EmbeddingLengths = new Map();
  return {
    embeddingModel: (profile) => createEmbeddingModel(router, profile, lengths),
    imageModel: (profile) => createImageModel(router, profile),
    speechModel: (profile) => createSpeechModel(router, profile),
    transcriptionModel: (profile) => createTranscriptionModel(router, profile),
    rerankingModel: (profile) => createRerankingModel(router, profile),
  };
}
