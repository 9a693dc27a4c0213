import type {
  EmbeddingModelV3,
  ImageModelV3,
  RerankingModelV3,
  SpeechModelV3,
  TranscriptionModelV3,
} from "@ai-sdk/provider";
import type { ProviderConfig } from "@atlas/routing";
import type { ModelKind } from "@atlas/routing/internal";
import type { ModelOfKind } from "./model-kind.ts";
import type { ModelSource } from "./model-source.ts";

/** The models of one candidate besides the one for text, as packages of the AI SDK make them. */
export interface CandidateModels {
  readonly embedding?: ModelOfKind["embedding"] | EmbeddingModelV3;
  readonly image?: ModelOfKind["image"] | ImageModelV3;
  readonly speech?: ModelOfKind["speech"] | SpeechModelV3;
  readonly transcription?: ModelOfKind["transcription"] | TranscriptionModelV3;
  readonly reranking?: ModelOfKind["reranking"] | RerankingModelV3;
}

/** What a candidate offers whose models the host passed. Kinds that are not among them come from its service, if it has one. */
export function sourceOfOwn(
  id: string,
  own: CandidateModels,
  { config, service }: { readonly config: ProviderConfig; readonly service: ModelSource | undefined },
): ModelSource {
  return {
    provider: service?.provider ?? id,
    secrets: service?.secrets ?? [],
    embeddingSpace: config.embedding_space,
    embeddingDimensions: config.embedding_dimensions,
    nameOf: (kind) => own[kind]?.modelId ?? service?.nameOf(kind),
    howToAdd: (kind) => service?.howToAdd(kind) ?? howToPass(id, kind),
    async model<Kind extends ModelKind>(kind: Kind): Promise<ModelOfKind[Kind]> {
      // Sound: the interface has the model of each kind under the name of the kind, and the two versions of the
      // specification take the same request and give the same answer.
      const model = own[kind] as ModelOfKind[Kind] | undefined;
      if (model !== undefined) return model;
      if (service === undefined) throw new TypeError(`"${id}" has no model for ${kind}.`);
      return service.model(kind);
    },
  };
}

/** How a host gives one of its candidates a model. */
export function howToPass(id: string, kind: ModelKind): string {
  return `pass it as models: { ${JSON.stringify(id)}: { ${kind}: … } }`;
}
