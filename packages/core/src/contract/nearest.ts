import { closestMatch } from "leven";

/** The known name that is closest to a misspelt one; nothing if none is close. */
export function nearestName(wrong: string, known: readonly string[]): string | undefined {
  const name = wrong.slice(0, 100);
  return closestMatch(name, known, { maxDistance: Math.max(2, Math.floor(name.length / 3)) });
}

/** ` Did you mean "…"?`, or an empty text if no known name is close. */
export function didYouMean(wrong: string, known: readonly string[]): string {
  const nearest = nearestName(wrong, known);
  return nearest === undefined ? "" : ` Did you mean "${nearest}"?`;
}
