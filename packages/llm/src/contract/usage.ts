import type { LLMUsage } from "./runtime.ts";

/**
 * Returns the counts of a usage that can be counts: finite and not negative. Services also send `null`, `NaN` and texts.
 * Undefined if no count is left; the usage itself if all of it are counts.
 */
export function knownUsage(given: unknown): LLMUsage | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const names = Object.keys(given);
  const known = names.filter((name) => isCount(Reflect.get(given, name)));
  if (known.length === 0) return undefined;
  if (known.length === names.length) return given;
  return Object.fromEntries(known.map((name) => [name, Reflect.get(given, name)]));
}

function isCount(count: unknown): boolean {
  return typeof count === "number" && Number.isFinite(count) && count >= 0;
}

/** Adds the tokens of two answers. */
export function sumOfUsage(first: LLMUsage | undefined, second: LLMUsage | undefined): LLMUsage | undefined {
  if (first === undefined || second === undefined) return second ?? first;
  // The keys of both are those of a usage.
  const keys = new Set([...Object.keys(first), ...Object.keys(second)]) as ReadonlySet<keyof LLMUsage>;
  return Object.fromEntries([...keys].map((key) => [key, (first[key] ?? 0) + (second[key] ?? 0)]));
}
