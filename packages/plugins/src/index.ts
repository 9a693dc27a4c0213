export { isAttemptOver } from "./contract/attempt-over.ts";
export type { PluginCommands, PluginContext } from "./contract/context.ts";
export {
  isPluginError,
  PluginError,
  type PluginErrorCode,
  type PluginErrorDetails,
} from "./contract/errors.ts";
export type { EventFilter } from "./contract/event-filter.ts";
export type { PluginNeeds } from "./contract/needs.ts";
export { type ReactorContext, type ReactorOptions, reactor } from "./contract/reactor.ts";
export type { RetryPolicy } from "./contract/retry.ts";
export type { CronSchedule, EverySchedule, Schedule } from "./contract/schedule.ts";
export {
  type Need,
  type PluginServices,
  type ServicesOf,
  type ServiceToken,
  service,
} from "./contract/service.ts";
export { defineSink, type SinkContext, type SinkOptions, type SinkPlugin } from "./contract/sink.ts";
export {
  type AnyCursor,
  defineSource,
  type SourceCheckContext,
  type SourceContext,
  type SourceOptions,
  type SourcePlugin,
} from "./contract/source.ts";
export type {
  JobWait,
  SignalResult,
  WaitAnswer,
  Waited,
  WaitedEvent,
  WaitForEventOptions,
  WaitKind,
  WaitOptions,
} from "./contract/wait.ts";
export {
  type Capability,
  defineWorkflow,
  type JobProgress,
  type StepOptions,
  type WorkflowContext,
  type WorkflowContextWith,
  type WorkflowOptions,
  type WorkflowPlugin,
  type WorkflowRetry,
  type WorkflowSchedule,
} from "./contract/workflow.ts";
export type { SinkHealth } from "./delivery/sink-attempts.ts";
export type { SinkLag } from "./module/event-lag.ts";
export type { FailedDelivery } from "./module/failed-deliveries.ts";
export type { JobAttempts } from "./module/job-attempts.ts";
export type { Spread, WorkflowInsight } from "./module/job-figures.ts";
export { type PluginsModule, pluginsModule } from "./module/plugins-module.ts";
export type { StepResult } from "./module/queries.ts";
export type { RefusedRecord } from "./module/refused-records.ts";
export type { FailedDeliveryStatus, PluginsTables, ScheduleKind } from "./module/tables.ts";
export type { SourceCheck, SourceSync } from "./sources/source-calls.ts";
export type { SyncOptions, SyncResult } from "./sources/source-runner.ts";
export type { SourceHealth } from "./sources/source-state.ts";
