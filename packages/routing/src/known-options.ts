import { didYouMean } from "./nearest.ts";

/** Refuses options that `what` does not have. The `TypeError` names the nearest one that it has. */
export function checkOptions(what: string, options: object, known: readonly string[]): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new TypeError(`${what}: expected an object with options, but got ${wordFor(options)}.`);
  }
  const wrong = Object.keys(options).find((name) => !known.includes(name));
  if (wrong === undefined) return;
  const hint = didYouMean(wrong, known) || ` The options are ${known.join(", ")}.`;
  throw new TypeError(`${what}: "${wrong}" is not an option.${hint}`);
}

function wordFor(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : `a ${typeof value}`;
}
