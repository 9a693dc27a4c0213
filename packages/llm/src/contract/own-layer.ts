import type { LLMRuntime } from "./runtime.ts";

/**
 * What a middleware has made of `next`, without a model that the middleware has only copied. `{ ...next, generateText }` copies
 * `next.languageModel`, too, and calls of that model would bypass the middleware. A middleware that lets models through has a
 * function of its own for them.
 */
export function ownLayer(next: LLMRuntime, made: LLMRuntime): LLMRuntime {
  if (made === next || made.languageModel === undefined || made.languageModel !== next.languageModel)
    return made;
  const { streamText } = made;
  return {
    generateText: (call) => made.generateText(call),
    ...(streamText && { streamText: (call) => streamText.call(made, call) }),
  };
}
