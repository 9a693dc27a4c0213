import { closestMatch } from "leven";

const LONGEST_NAME = 100;

/** ` Did you mean "…"?`, or an empty text if no known name is near. */
export function didYouMean(wrong: string, known: readonly string[]): string {
  const nearest = nearestName(wrong, known);
  return nearest === undefined ? "" : ` Did you mean "${nearest}"?`;
}

/** The known name that `wrong` most likely stands for, or `undefined` if none is near. */
export function nearestName(wrong: string, known: readonly string[]): string | undefined {
  const name = wrong.slice(0, LONGEST_NAME);
  return closestMatch(name, known, { maxDistance: Math.max(2, Math.floor(name.length / 3)) });
}
