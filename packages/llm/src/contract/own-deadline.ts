import type { LLMRuntime } from "./runtime.ts";

const keepers = new WeakSet<LLMRuntime>();

/** Notes that a runtime ends its calls itself when their time is up, with better evidence than anybody around it has. */
export function keepingDeadlines<Runtime extends LLMRuntime>(runtime: Runtime): Runtime {
  keepers.add(runtime);
  return runtime;
}

/** True for a runtime that ends its calls itself when their time is up. */
export function keepsDeadlines(runtime: LLMRuntime): boolean {
  return keepers.has(runtime);
}
