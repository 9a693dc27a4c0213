export { isAttemptOver } from "./contract/attempt-over.ts";
export type { BatchOptions } from "./contract/batch.ts";
export type { PluginCommands, PluginContext } from "./contract/context.ts";
export { defineWorkflow } from "./contract/define-workflow.ts";
export {
  isPluginError,
  PluginError,
  type PluginErrorCode,
  type PluginErrorDetails,
} from "./contract/errors.ts";
export type { EventEntry, EventFilter, SelectedEvent } from "./contract/event-filter.ts";
export type { JobLogLine } from "./contract/job-log.ts";
export { type JobWithResult, resultOf } from "./contract/job-result.ts";
export type { ReturnsJson } from "./contract/json-like.ts";
export type { PluginNeeds } from "./contract/needs.ts";
export type { Observe, Work, WorkEnd } from "./contract/observe.ts";
export { type ReactorContext, type ReactorOptions, reactor } from "./contract/reactor.ts";
export type { RetryPolicy } from "./contract/retry.ts";
export type { CronSchedule, EverySchedule, Schedule } from "./contract/schedule.ts";
export type { ScheduleRequest, WorkflowScheduleState } from "./contract/schedule-request.ts";
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
  type DeliveryRequest,
  defineSource,
  type SourceCheckContext,
  type SourceContext,
  type SourceDelivery,
  type SourceOptions,
  type SourcePlugin,
  type SourceReceiveContext,
  type VerifiedDelivery,
} from "./contract/source.ts";
export type { OnVersionChange, VersionChange, VersionDecision } from "./contract/version.ts";
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
export type {
  PerKey,
  RateLimit,
  ResultWorkflow,
  WorkflowOptions,
  WorkflowPlugin,
  WorkflowResult,
  WorkflowRetry,
  WorkflowSchedule,
} from "./contract/workflow.ts";
export type {
  CallOptions,
  Capability,
  JobProgress,
  StepOptions,
  WorkflowContext,
  WorkflowContextWith,
} from "./contract/workflow-context.ts";
export type { SinkHealth } from "./delivery/sink-attempts.ts";
export type { PluginRef } from "./flow/pauses.ts";
export type { Durations } from "./jobs/durations.ts";
export type { BatchInput } from "./module/batch-commands.ts";
export type { SinkLag } from "./module/event-lag.ts";
export type { FailedDelivery } from "./module/failed-deliveries.ts";
export type { JobAttempts } from "./module/job-attempts.ts";
export type { Spread, WorkflowInsight } from "./module/job-figures.ts";
export type { PausedPlugin } from "./module/pause-queries.ts";
export { type PluginsModule, pluginsModule } from "./module/plugins-module.ts";
export type { StepResult } from "./module/queries.ts";
export type { QueueDepth } from "./module/queue-depths.ts";
export type { RefusedRecord } from "./module/refused-records.ts";
export type { StoredSchedule } from "./module/schedule-queries.ts";
export type { FailedDeliveryStatus, PluginKind, PluginsTables, ScheduleKind } from "./module/tables.ts";
export type { Schedules } from "./schedules/api-schedules.ts";
export type { SourceCheck, SourceSync } from "./sources/source-calls.ts";
export type { PushedBy, PushedDelivery, Received } from "./sources/source-deliveries.ts";
export type { SyncOptions, SyncResult } from "./sources/source-runner.ts";
export type { SourceHealth } from "./sources/source-state.ts";
