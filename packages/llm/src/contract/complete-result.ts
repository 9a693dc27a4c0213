import { LLMError } from "./errors.ts";
import type { LLMResult } from "./runtime.ts";
import { knownUsage } from "./usage.ts";

/**
 * Returns the answer of a runtime in the form that everybody after it relies on. Runtimes are written by hand: they leave out
 * the provider, set a model of `null`, or count `NaN` tokens. `provider` is who was asked. Throws `ATLAS_LLM_BAD_RESPONSE` if
 * there is no text.
 */
export function completeResult(given: LLMResult, provider: string): LLMResult {
  // What a runtime resolves with is not checked by anybody before.
  const answer: unknown = given;
  const text: unknown =
    typeof answer === "object" && answer !== null ? Reflect.get(answer, "text") : undefined;
  if (typeof text !== "string") {
    throw new LLMError(
      "ATLAS_LLM_BAD_RESPONSE",
      { provider },
      `"${provider}" gave no valid answer: its runtime resolved without a \`text\`. Resolve with { text, provider }.`,
    );
  }
  const { provider: named, model, usage, finishReason, degraded, ...rest } = given;
  const counts = knownUsage(usage);
  const isComplete =
    isName(named) &&
    (model === undefined || isName(model)) &&
    counts === usage &&
    (finishReason === undefined || isEnd(finishReason)) &&
    (degraded === undefined || degraded === true);
  if (isComplete) return given;
  return {
    ...rest,
    provider: isName(named) ? named : provider,
    ...(isName(model) ? { model } : {}),
    ...(counts === undefined ? {} : { usage: counts }),
    ...(isEnd(finishReason) ? { finishReason } : {}),
    ...(degraded === true ? { degraded } : {}),
  };
}

function isEnd(reason: unknown): reason is "stop" | "length" {
  return reason === "stop" || reason === "length";
}

function isName(name: unknown): name is string {
  return typeof name === "string" && name !== "";
}
