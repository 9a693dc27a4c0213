import type { ModelSource } from "./model-source.ts";

/**
 * Why the embeddings of a candidate cannot be compared with those of the first one that its profile names. Numbers of two
 * models mean different things, so a store that mixes them finds the wrong entries without an error.
 */
export function reasonNotComparable(
  source: ModelSource,
  first: { readonly id: string; readonly source: ModelSource | undefined },
): string | undefined {
  if (first.source === undefined) return undefined;
  const [own, wanted] = [spaceOf(source), spaceOf(first.source)];
  if (own !== wanted) {
    return `its embeddings are those of "${own}", and cannot be compared with those of "${first.id}", "${wanted}"`;
  }
  const [length, wantedLength] = [source.embeddingDimensions, first.source.embeddingDimensions];
  if (length === wantedLength) return undefined;
  return `its embeddings have ${inWords(length)}, and those of "${first.id}" have ${inWords(wantedLength)}`;
}

/** What the embeddings of a candidate can be compared with. */
export function spaceOf(source: ModelSource): string {
  return source.embeddingSpace ?? source.nameOf("embedding") ?? "";
}

function inWords(dimensions: number | undefined): string {
  return dimensions === undefined ? "the model's own length" : `${dimensions} numbers`;
}
