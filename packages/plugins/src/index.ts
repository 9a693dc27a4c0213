export type { AttemptLLM } from "./attempt.ts";
export type { PluginContext, PluginHost, PluginServices } from "./context.ts";
export { createDelivery, type Delivery, MAX_EVENT_DEPTH, type SinkHealth } from "./delivery.ts";
export { PluginError, type PluginErrorCode, type PluginErrorDetails } from "./errors.ts";
export { type Failure, readFailure } from "./failure.ts";
export { createJobAdmission, readJobInput } from "./job-input.ts";
export { createJobRunner, type JobRunner } from "./job-runner.ts";
export { type AttemptOutcome, type NextJobState, nextJobState } from "./job-state.ts";
export type { SinkLag, Spread, WorkflowInsight } from "./module/insight.ts";
export type { JobRun, SinkException, StepResult } from "./module/queries.ts";
export type { PluginsTables, ScheduleKind, SinkExceptionStatus } from "./module/tables.ts";
export { checkCapabilities } from "./plugin-check.ts";
export {
  type PluginsCommand,
  type PluginsModule,
  pluginsModule,
} from "./plugins-module.ts";
export { createPluginRegistry, type PluginRegistry } from "./registry.ts";
export { type RetryPolicy, retryDelayMs } from "./retry.ts";
export type { CronSchedule, EverySchedule, Schedule } from "./schedule.ts";
export { createScheduler, type Fired, type Scheduled, type Scheduler } from "./scheduler.ts";
export { defineSink, type SinkContext, type SinkPlugin } from "./sink.ts";
export { defineSource, type SourceCheckContext, type SourceContext, type SourcePlugin } from "./source.ts";
export {
  createSourceRunner,
  type SourceCheck,
  type SourceHealth,
  type SourceRunner,
} from "./source-runner.ts";
export { MAX_STEP_BYTES } from "./steps.ts";
export type { Wait, WaitFor } from "./wait.ts";
export { isJobOver } from "./wait.ts";
export {
  type Capability,
  defineWorkflow,
  type EventFilter,
  type JobProgress,
  type WorkflowContext,
  type WorkflowContextWith,
  type WorkflowOptions,
  type WorkflowPlugin,
  type WorkflowRetry,
  type WorkflowSchedule,
} from "./workflow.ts";
export { scheduleOfWorkflow } from "./workflow-schedule.ts";
