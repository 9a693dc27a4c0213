import type { ModelKind } from "@atlas/routing/internal";
import type { ModelOfKind } from "./model-kind.ts";
import type { ModelSource } from "./model-source.ts";

/** The models of one candidate besides text, as the packages of the AI SDK make them. */
export interface CandidateModels {
  readonly embedding?: ModelOfKind["embedding"];
  readonly image?: ModelOfKind["image"];
  readonly speech?: ModelOfKind["speech"];
  readonly transcription?: ModelOfKind["transcription"];
  readonly reranking?: ModelOfKind["reranking"];
}

/** What a candidate offers whose models the host passed. Kinds that are not among them come from its configuration. */
export function sourceOfOwn(
  id: string,
  own: CandidateModels,
  configured: ModelSource | undefined,
): ModelSource {
  return {
    provider: configured?.provider ?? id,
    secrets: configured?.secrets ?? [],
    embeddingSpace: configured?.embeddingSpace,
    embeddingDimensions: configured?.embeddingDimensions,
    nameOf: (kind) => own[kind]?.modelId ?? configured?.nameOf(kind),
    howToAdd: (kind) =>
      configured?.howToAdd(kind) ?? `pass it as models: { ${JSON.stringify(id)}: { ${kind}: … } }`,
    async model<Kind extends ModelKind>(kind: Kind): Promise<ModelOfKind[Kind]> {
      // Sound: the interface has the model of each kind under the name of the kind.
      const model = own[kind] as ModelOfKind[Kind] | undefined;
      if (model !== undefined) return model;
      if (configured === undefined) throw new TypeError(`"${id}" has no model for ${kind}.`);
      return configured.model(kind);
    },
  };
}
