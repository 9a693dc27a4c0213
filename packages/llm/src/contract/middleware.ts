import type { AroundAttempt } from "@atlas/routing";
import { keepingDeadlines, keepsDeadlines } from "./own-deadline.ts";
import { ownLayer } from "./own-layer.ts";
import type { LLMRuntime } from "./runtime.ts";

/**
 * Wraps a runtime to change its calls or answers: instructions, redaction, cost, tracing. It passes everything else on. A
 * middleware without `streamText` turns streams into single pieces. One without `languageModel` makes models of the AI SDK
 * carry text only: their calls go through its `generateText`, and tools and files are refused. A copy of `next.languageModel`,
 * as in `{ ...next, generateText }`, counts as none, so that no call bypasses the middleware; wrap the model with
 * `wrapLanguageModel` of the AI SDK instead.
 */
export type LLMMiddleware = (next: LLMRuntime) => LLMRuntime;

/**
 * Wraps a runtime in middleware. The first of the list is the outermost: it sees a call first and its answer last.
 *
 * @example
 * ```ts
 * const order: string[] = [];
 * const note = (name: string): LLMMiddleware => (next) => ({
 *   async generateText(options) {
 *     order.push(name);
 *     return next.generateText(options);
 *   },
 * });
 * const llm = applyMiddleware(createMockLLM(), [note("outer"), note("inner")]);
 * await llm.generateText({ prompt: "Hello" });
 * assert.deepEqual(order, ["outer", "inner"]);
 * ```
 */
export function applyMiddleware(runtime: LLMRuntime, middleware: readonly LLMMiddleware[]): LLMRuntime {
  const wrapped = middleware.reduceRight<LLMRuntime>((next, around) => ownLayer(next, around(next)), runtime);
  return keepsDeadlines(runtime) ? keepingDeadlines(wrapped) : wrapped;
}

/** Joins layers around the attempts of a router. The first of the list is the outermost. */
export function joinAround(layers: readonly AroundAttempt<LLMRuntime>[]): AroundAttempt<LLMRuntime> {
  return (runtime, info) =>
    layers.reduceRight<LLMRuntime>((next, layer) => ownLayer(next, layer(next, info)), runtime);
}
