import { didYouMean } from "./nearest.ts";

/**
 * Refuses an object with an option that `what` does not have, which would otherwise be ignored. The `TypeError` names the
 * nearest known option.
 */
export function checkOptions(what: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`${what}: expected an object with options, but got ${wordFor(options)}.`);
  }
  const wrong = Object.keys(options).find((name) => !known.includes(name));
  if (wrong === undefined) return;
  const hint = didYouMean(wrong, known);
  throw new TypeError(
    `${what}: "${wrong}" is not an option.${hint === "" ? ` The options are ${known.join(", ")}.` : hint}`,
  );
}

function wordFor(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}
