import { didYouMean } from "./nearest.ts";

/**
 * Refuses options that `what` does not have, for a misspelt option would otherwise be ignored. The `TypeError` names the
 * nearest known one.
 */
export function checkOptions(what: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`${what} takes an object with options; got ${describe(options)}.`);
  }
  const wrong = Object.keys(options).find((name) => !known.includes(name));
  if (wrong === undefined) return;
  const advice = didYouMean(wrong, known) || ` Its options are ${known.join(", ")}.`;
  throw new TypeError(`${what}: "${wrong}" is not an option.${advice}`);
}

function describe(value: unknown): string {
  return Array.isArray(value) ? "an array" : value === null ? "null" : `a ${typeof value}`;
}
