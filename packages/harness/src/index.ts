export type { HarnessCommand, HarnessRefusal } from "./contract/command.ts";
export type {
  HarnessAvailability,
  HarnessDriver,
  HarnessHost,
  HarnessRun,
  HarnessRunResult,
} from "./contract/driver.ts";
export {
  type AgentDetails,
  type HarnessConflict,
  HarnessError,
  type HarnessErrorCode,
  type HarnessErrorDetails,
  isHarnessError,
} from "./contract/errors.ts";
export type { HarnessEvent, UnnamedHarnessEvent } from "./contract/event.ts";
export { applyHarnessMiddleware, type HarnessMiddleware } from "./contract/middleware.ts";
export type { ChangedFile, HarnessOutput } from "./contract/output.ts";
export type { HarnessMode, HarnessResult, HarnessRuntime, HarnessTask } from "./contract/runtime.ts";
export type { HarnessCost, HarnessUsage } from "./contract/usage.ts";
export type {
  FindOptions,
  OwnedProcesses,
  Program,
  ProgramEnd,
  RunningProgram,
} from "./processes/owned-processes.ts";
