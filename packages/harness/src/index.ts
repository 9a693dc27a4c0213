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
export { type AgentEnvironmentSources, agentEnvironment } from "./processes/agent-environment.ts";
export { createOwnedProcesses, type OwnedProcessesOptions } from "./processes/create-owned-processes.ts";
export type {
  FindOptions,
  OwnedProcesses,
  Program,
  ProgramEnd,
  RunningProgram,
} from "./processes/owned-processes.ts";
export { type ReapedRuns, type ReapOptions, reapLeftOvers } from "./processes/reap-left-overs.ts";
export { createRoots, type Roots } from "./processes/roots.ts";
export type {
  AgentProgram,
  Invocation,
  OutputReader,
  RunFiles,
  WorkspaceFiles,
} from "./programs/agent-program.ts";
export { createProgramDriver } from "./programs/program-driver.ts";
export { createRecordedProcesses, type RecordedProcessesOptions } from "./recorder/recorded-processes.ts";
export { createHarnessRouter } from "./router/harness-router.ts";
export { createNoopHarness } from "./router/noop.ts";
export type { HarnessRouter, HarnessRouterOptions } from "./router/router-options.ts";
export { type AppliedDiff, type ApplyDiffOptions, applyDiff } from "./workspaces/apply-diff.ts";
export type { Workspace, WorkspaceChanges, WorkspaceOptions, Workspaces } from "./workspaces/workspace.ts";
