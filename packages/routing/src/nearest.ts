import { closestMatch } from "leven";

/** ` Did you mean "…"?`, or nothing when no known name is near. */
export function didYouMean(wrong: string, known: readonly string[]): string {
  const nearest = nearestName(wrong, known);
  return nearest === undefined ? "" : ` Did you mean "${nearest}"?`;
}

/** The known name that `wrong` most likely meant, or nothing when none is near. */
export function nearestName(wrong: string, known: readonly string[]): string | undefined {
  return closestMatch(wrong.slice(0, 100), known, {
    maxDistance: Math.max(2, Math.floor(wrong.length / 3)),
  });
}
