/** ` Did you mean "…"?`, or an empty text. What compares names is loaded only when somebody has misspelt one. */
export async function nearestHint(wrong: string, known: readonly string[]): Promise<string> {
  const { didYouMean } = await import("@atlas/core/internal");
  return didYouMean(wrong, known);
}
