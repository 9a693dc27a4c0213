export type { HarnessCommand, HarnessRefusal } from "./command.ts";
export { applyHarnessMiddleware, type HarnessMiddleware } from "./middleware.ts";
export type {
  HarnessCost,
  HarnessOutput,
  HarnessResult,
  HarnessRuntime,
  HarnessTask,
  HarnessUsage,
} from "./runtime.ts";
