export { type Failure, readFailure } from "./calling/failure.ts";
export type { PluginContext, PluginHost, PluginServices } from "./contract/context.ts";
export { PluginError, type PluginErrorCode, type PluginErrorDetails } from "./contract/errors.ts";
export { checkCapabilities } from "./contract/plugin-check.ts";
export { createPluginRegistry, type PluginRegistry } from "./contract/registry.ts";
export { type RetryPolicy, retryDelayMs } from "./contract/retry.ts";
export type { CronSchedule, EverySchedule, Schedule } from "./contract/schedule.ts";
export { defineSink, type SinkContext, type SinkPlugin } from "./contract/sink.ts";
export {
  defineSource,
  type SourceCheckContext,
  type SourceContext,
  type SourcePlugin,
} from "./contract/source.ts";
export type { Wait, WaitFor } from "./contract/wait.ts";
export { isJobOver } from "./contract/wait.ts";
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
} from "./contract/workflow.ts";
export { createDelivery, type Delivery, MAX_EVENT_DEPTH, type SinkHealth } from "./delivery/delivery.ts";
export type { AttemptLLM } from "./jobs/attempt.ts";
export { createJobAdmission, readJobInput } from "./jobs/job-input.ts";
export { createJobRunner, type JobRunner } from "./jobs/job-runner.ts";
export { type AttemptOutcome, type NextJobState, nextJobState } from "./jobs/job-state.ts";
export { MAX_STEP_BYTES } from "./jobs/steps.ts";
export type { SinkLag, Spread, WorkflowInsight } from "./module/insight.ts";
export {
  type PluginsCommand,
  type PluginsModule,
  pluginsModule,
} from "./module/plugins-module.ts";
export type { JobRun, SinkException, StepResult } from "./module/queries.ts";
export type { PluginsTables, ScheduleKind, SinkExceptionStatus } from "./module/tables.ts";
export { createScheduler, type Fired, type Scheduled, type Scheduler } from "./schedules/scheduler.ts";
export { scheduleOfWorkflow } from "./schedules/workflow-schedule.ts";
export {
  createSourceRunner,
  type SourceCheck,
  type SourceHealth,
  type SourceRunner,
} from "./sources/source-runner.ts";
