import { didYouMean } from "@atlas/core/internal";

/** Refuses an object with an option that `of` does not have. The `TypeError` names the nearest known option. */
export function checkOptions(of: string, given: object, known: readonly string[]): void {
  if (typeof given !== "object" || given === null)
    throw new TypeError(`${of} takes an object with options; got ${String(given)}.`);
  const wrong = Object.keys(given).find((name) => !known.includes(name));
  if (wrong === undefined) return;
  throw new TypeError(
    `${of} has no option "${wrong}".${didYouMean(wrong, known)} Its options are ${known.join(", ")}.`,
  );
}
