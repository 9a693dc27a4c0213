export type { HarnessOutput, HarnessResult, HarnessRuntime, HarnessTask } from "./runtime.ts";
