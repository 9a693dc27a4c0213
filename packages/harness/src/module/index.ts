export { type HarnessModule, type HarnessModuleCommand, harnessModule } from "./harness-module.ts";
export type { HarnessRunRecord } from "./run.ts";
export type { HarnessTables } from "./tables.ts";
