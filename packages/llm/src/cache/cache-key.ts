import { hash } from "node:crypto";
import type { LLMOptions } from "../contract/runtime.ts";

/**
 * The key of a call: a SHA-256 over everything in it that can reach a provider or change who is asked. Fields that are added to
 * calls later belong to it, too. The order of the keys of a JSON Schema counts, because a model answers in that order.
 */
export function cacheKey(call: LLMOptions, namespace: string): string {
  const { signal: _, deadlineMs: __, onRoute: ___, context: ____, fresh: _____, ...reaching } = call;
  const fields = Object.entries(reaching)
    .filter(([, value]) => value !== undefined)
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return hash("sha256", JSON.stringify([namespace, fields]));
}
