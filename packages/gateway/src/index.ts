// What hosts and plugins usually need from the other packages, so that one dependency is enough.
export {
  backup,
  type CoreEvents,
  type CoreModule,
  type DomainEvent,
  type EventOf,
  isCoreError,
  isEvent,
  type Logger,
  openReadOnly,
  type ReadOnlyStore,
  restore,
  silentLogger,
  stderrLogger,
  toJson,
} from "@atlas/core";
export type { HarnessModule, HarnessRunRecord, HarnessTables } from "@atlas/harness/module";
export {
  type CacheEntry,
  type CacheStore,
  type InstructionsOptions,
  isLLMError,
  type LLMMiddleware,
  type LLMOptions,
  type LLMResult,
  type LLMRuntime,
  withInstructions,
} from "@atlas/llm";
export type { LLMCall, LLMCommand, LLMModule, LLMTables } from "@atlas/llm/module";
export {
  type BatchInput,
  type BatchOptions,
  defineSink,
  defineSource,
  defineWorkflow,
  isAttemptOver,
  isPluginError,
  type PluginContext,
  PluginError,
  resultOf,
  type Schedule,
  type ScheduleRequest,
  type Schedules,
  type SinkContext,
  type SinkPlugin,
  type SourceContext,
  type SourceDelivery,
  type SourcePlugin,
  type VersionChange,
  type WorkflowContext,
  type WorkflowPlugin,
  type WorkflowScheduleState,
} from "@atlas/plugins";
export { isRoutingError } from "@atlas/routing";
export type { BackupRecord } from "./backups/backup-folder.ts";
export type { BackupsOptions } from "./backups/backup-options.ts";
export type { Backups, BackupsHealth } from "./backups/backups.ts";
export { createGateway } from "./create-gateway.ts";
export {
  type ExtensionPhase,
  GatewayError,
  type GatewayErrorCode,
  type GatewayErrorDetails,
  isGatewayError,
} from "./errors.ts";
export {
  type AnyExtension,
  defineExtension,
  type Extension,
  type ExtensionParts,
  type ExtensionReport,
} from "./extensions/extension.ts";
export type { GatewayRoute, Route } from "./extensions/route.ts";
export type { ExtensionServices } from "./extensions/services.ts";
export type { Gateway, GatewayCheck, GatewayHealth, Sinks } from "./gateway.ts";
export type { AgentsOptions, GatewayHarness } from "./gateway-harness.ts";
export type { GatewayLLM } from "./gateway-llm.ts";
export type { GatewayOptions } from "./gateway-options.ts";
export type { BackupsStats, GatewayStats, SinkStats, SourceStats, WorkflowStats } from "./gateway-stats.ts";
export { type HttpModule, httpModule } from "./http/module/http-module.ts";
export type { HttpTables } from "./http/module/tables.ts";
export type { CreateOptions } from "./jobs/create-options.ts";
export type { Debounce, DebouncedJob, DebounceOptions, DebounceRequest } from "./jobs/debounce.ts";
export type { JobEvent, JobEventName } from "./jobs/job-events.ts";
export type { JobRequest, UniqueJob } from "./jobs/job-request.ts";
export type { Jobs } from "./jobs/jobs.ts";
export type { GatewayCacheOptions } from "./llm-cache.ts";
export { toPrometheus } from "./metrics/prometheus.ts";
export type { GatewayWork, ObserveGatewayWork, RequestWork } from "./observe.ts";
export type { SinkState } from "./sink-states.ts";
export { type StopOnSignalsOptions, stopOnSignals } from "./stop-on-signals.ts";
export type { NewToken, TokenRecord, TokenRequest, Tokens } from "./tokens/tokens.ts";
export type { WorkflowInfo, Workflows } from "./workflows.ts";
