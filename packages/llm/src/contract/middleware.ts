import type { LLMRuntime } from "./runtime.ts";

/** Puts something around a runtime: instructions, redaction, cost, tracing. It passes on what it does not change. */
export type LLMMiddleware = (next: LLMRuntime) => LLMRuntime;

/**
 * Puts middleware around a runtime, the first of the list outermost: it sees a call first and its answer last.
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
  return middleware.reduceRight<LLMRuntime>((next, around) => around(next), runtime);
}
