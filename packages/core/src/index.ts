export type { CallContext } from "./contract/call-context.ts";
export type { Change, IfNone, NewChangeEvent, Plan, PlanStep, RowDemand } from "./contract/change.ts";
export { planOf } from "./contract/change.ts";
export { type Clock, systemClock } from "./contract/clock.ts";
export type {
  AnyCommand,
  Cause,
  CommandSink,
  Committed,
  DomainEvent,
  Envelope,
} from "./contract/command.ts";
export {
  type AnyCommandDefinition,
  type CommandDefinition,
  defineCommand,
  type Preparation,
} from "./contract/define-command.ts";
export { defineModule } from "./contract/define-module.ts";
export type { Spelling, SqlDialect } from "./contract/dialect.ts";
export { CoreError, type CoreErrorCode, type CoreErrorDetails, isCoreError } from "./contract/errors.ts";
export {
  type AggregateEvent,
  type AnyEvents,
  type EventOf,
  type EventShape,
  type EventsMarker,
  events,
  type NewEventOf,
} from "./contract/event-types.ts";
export type { FailureReason, Health } from "./contract/health.ts";
export { idText, type NewId } from "./contract/id.ts";
export {
  canonicalJson,
  type JsonObject,
  type JsonValue,
  jsonObject,
  jsonText,
} from "./contract/json.ts";
export { type Logger, silentLogger } from "./contract/logger.ts";
export { DEPTH, EVENT_SEQ } from "./contract/marker.ts";
export {
  type CommandOf,
  type Migration,
  type Module,
  type PrunePolicyOf,
  type QueriesOf,
  type Read,
  type StoreModule,
  type TablesMarker,
  type TablesOf,
  tables,
} from "./contract/module.ts";
export type { Page, PageOptions } from "./contract/page.ts";
export type { PrunePayload, Removal, RemovalValues } from "./contract/prune.ts";
export type { Refusal } from "./contract/refusal.ts";
export {
  type BoundStatement,
  type CompiledStatement,
  type ErasedStatement,
  excluded,
  type Literal,
  type Placeholders,
  type Query,
  query,
  type Statement,
  statement,
} from "./contract/statement.ts";
export { stderrLogger } from "./contract/stderr-logger.ts";
export type { FileStore, Store, StoreCommand } from "./contract/store.ts";
export { isoTime, timeText } from "./contract/time.ts";
export { type ToJson, toJson } from "./contract/to-json.ts";
export { traceparentText } from "./contract/traceparent.ts";
export type { UnreachableReason } from "./contract/unreachable-reason.ts";
export type { DriverName } from "./file/driver.ts";
export { backup, type Manifest, restore } from "./history/backup.ts";
export type { DatabaseSize, PruneReport, StorePrunePolicy } from "./history/prune-store.ts";
export type { PastStore, Verification } from "./history/time-travel.ts";
export type { Upkeep } from "./history/upkeep.ts";
export { type Admit, MAX_COMMAND_BYTES, MAX_UNIT_BYTES, MAX_UNIT_COMMANDS } from "./intake/intake.ts";
export { MAX_CONTENT_BYTES, type NewArtifact, type PartialArtifact } from "./model/artifact.ts";
export type {
  BookkeepingTables,
  EpochReason,
  EpochRow,
  JournalRow,
  RefusedCommandRow,
} from "./model/bookkeeping.ts";
export type { CoreEvents } from "./model/core-events.ts";
export { type Command, type CoreModule, coreModule } from "./model/core-module.ts";
export type { NewDomainEvent } from "./model/domain-event.ts";
export type { EntityInput } from "./model/entity.ts";
export type { EventInput } from "./model/event.ts";
export { isEvent } from "./model/is-event.ts";
export type { NewJob } from "./model/job.ts";
export type { PrunePolicy } from "./model/prune.ts";
export type {
  CoreQueries,
  FindArtifactsOptions,
  FollowOptions,
  ListDomainEventsOptions,
  ListEntitiesOptions,
  ListEventsOptions,
  ListJobsOptions,
  ListOptions,
  ListReadyJobsOptions,
} from "./model/queries.ts";
export type { Artifact, Entity, Event, Job, JournalEntry, RefusedCommand } from "./model/records.ts";
export type { EventSelection } from "./model/scan-events.ts";
export type {
  ArtifactRow,
  CoreTables,
  DomainEventRow,
  EntityRow,
  EventRow,
  JobRow,
  JobStatus,
} from "./model/tables.ts";
export type { OpenReads } from "./reading/ad-hoc-reads.ts";
export type { FollowEventsOptions, FollowLogOptions } from "./reading/followed-logs.ts";
export type { AllTables, ReadOnlyRepo } from "./reading/read-only-repo.ts";
export { openReadOnly, type ReadOnlyStore } from "./reading/read-only-store.ts";
export type { FileStoreStats, StoreStats } from "./stats.ts";
export { createStore, type StoreOptions } from "./store.ts";
export type { CommittedBatch } from "./writing/commit-listeners.ts";
export type { Distribution } from "./writing/distribution.ts";
export type { Failpoint, FailpointName } from "./writing/failpoint.ts";
export type { FlushStats } from "./writing/flush-recorder.ts";
