import type { LLMUsage } from "./runtime.ts";

/**
 * Returns the counts of a usage that can be counts: finite and not negative. Services also send `null`, `NaN` and texts.
 * Undefined if no count is left.
 */
export function knownUsage(given: unknown): LLMUsage | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const counts = Object.entries(given).filter(
    ([, count]) => typeof count === "number" && Number.isFinite(count) && count >= 0,
  );
  return counts.length === 0 ? undefined : Object.fromEntries(counts);
}

/** Adds the tokens of two answers. */
export function sumOfUsage(first: LLMUsage | undefined, second: LLMUsage | undefined): LLMUsage | undefined {
  if (first === undefined || second === undefined) return second ?? first;
  // The keys of both are those of a usage.
  const keys = new Set([...Object.keys(first), ...Object.keys(second)]) as ReadonlySet<keyof LLMUsage>;
  return Object.fromEntries([...keys].map((key) => [key, (first[key] ?? 0) + (second[key] ?? 0)]));
}
