import type { LLMUsage } from "./runtime.ts";

const keys: Readonly<Record<keyof LLMUsage, true>> = {
  inputTokens: true,
  outputTokens: true,
  cachedInputTokens: true,
  reasoningTokens: true,
};

/**
 * Returns the counts that a service gave and that can be counts: finite and not negative. Services also send `null`, `NaN` and
 * texts. Undefined if no count is left.
 */
export function knownUsage(given: unknown): LLMUsage | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const counts = Object.keys(keys)
    .map((key): readonly [string, unknown] => [key, Reflect.get(given, key)])
    .filter(([, count]) => typeof count === "number" && Number.isFinite(count) && count >= 0);
  return counts.length === 0 ? undefined : Object.fromEntries(counts);
}

/** Adds the tokens of two answers. */
export function sumOfUsage(first: LLMUsage | undefined, second: LLMUsage | undefined): LLMUsage | undefined {
  if (first === undefined || second === undefined) return second ?? first;
  return Object.fromEntries(
    [...new Set([...Object.keys(first), ...Object.keys(second)])].map((key) => {
      // The keys of both are those of a usage.
      const name = key as keyof LLMUsage;
      return [name, (first[name] ?? 0) + (second[name] ?? 0)];
    }),
  );
}
