import { keepingDeadlines, keepsDeadlines } from "./own-deadline.ts";
import type { LLMRuntime } from "./runtime.ts";

/**
 * Wraps a runtime to change its calls or answers: instructions, redaction, cost, tracing. It passes everything else on. A
 * middleware without `streamText` turns streams into single pieces.
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
  const wrapped = middleware.reduceRight<LLMRuntime>((next, around) => around(next), runtime);
  return keepsDeadlines(runtime) ? keepingDeadlines(wrapped) : wrapped;
}
