import type { HarnessRuntime } from "./runtime.ts";

/** Wraps a runtime to change its tasks or results: a guard, a meter, tracing. It passes everything else on. */
export type HarnessMiddleware = (next: HarnessRuntime) => HarnessRuntime;

/**
 * Wraps a runtime in middleware. The first of the list is the outermost: it sees a task first and its result last, as with
 * the middleware of models.
 *
 * @example
 * ```ts
 * const order: string[] = [];
 * const note = (name: string): HarnessMiddleware => (next) => ({
 *   async runTask(task) {
 *     order.push(name);
 *     return next.runTask(task);
 *   },
 * });
 * const agent: HarnessRuntime = {
 *   runTask: async ({ goal, mode = "propose" }) => ({ mode, summary: goal, outputs: [] }),
 * };
 * const harness = applyHarnessMiddleware(agent, [note("outer"), note("inner")]);
 * await harness.runTask({ goal: "rename a file", cwd: "." });
 * assert.deepEqual(order, ["outer", "inner"]);
 * ```
 */
export function applyHarnessMiddleware(
  runtime: HarnessRuntime,
  middleware: readonly HarnessMiddleware[],
): HarnessRuntime {
  return middleware.reduceRight<HarnessRuntime>((next, around) => around(next), runtime);
}
