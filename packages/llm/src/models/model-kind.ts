import type {
  EmbeddingModelV4,
  ImageModelV4,
  RerankingModelV4,
  SpeechModelV4,
  TranscriptionModelV4,
} from "@ai-sdk/provider";
import type { ModelKind } from "@atlas/routing/internal";

/** The model of the AI SDK for each kind. */
export interface ModelOfKind {
  readonly embedding: EmbeddingModelV4;
  readonly image: ImageModelV4;
  readonly speech: SpeechModelV4;
  readonly transcription: TranscriptionModelV4;
  readonly reranking: RerankingModelV4;
}

/** The option of the routing file that names a candidate's model of each kind. */
export const optionOfKind = {
  embedding: "embedding_model",
  image: "image_model",
  speech: "speech_model",
  transcription: "transcription_model",
  reranking: "reranking_model",
} as const satisfies { readonly [Kind in ModelKind]: `${Kind}_model` };
