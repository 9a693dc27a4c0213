import type { ModelKind } from "@atlas/routing/internal";
import type { ModelOfKind } from "./model-kind.ts";

/** What a candidate offers besides text. */
export interface ModelSource {
  /** Whom its errors and its evidence name. */
  readonly provider: string;
  /** Keys that are removed from everything that the service says. */
  readonly secrets: readonly string[];
  /** The name of its model for a kind; `undefined` if it has none. */
  nameOf(kind: ModelKind): string | undefined;
  /** How to give the candidate a model of a kind, for whoever misses it. */
  howToAdd(kind: ModelKind): string;
  /** What its embeddings can be compared with. Default: those of the same model. */
  readonly embeddingSpace?: string | undefined;
  /** The length of embeddings that it is asked for. Default: that of the model. */
  readonly embeddingDimensions?: number | undefined;
  /** Returns its model for a kind, and loads its package at the first call. */
  model<Kind extends ModelKind>(kind: Kind): Promise<ModelOfKind[Kind]>;
}
