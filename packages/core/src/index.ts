export { type Manifest, restore } from "./backup.ts";
export type {
  BookkeepingTables,
  EpochReason,
  EpochRow,
  JournalRow,
  RefusedCommandRow,
} from "./bookkeeping.ts";
export type { Change, IfNone, NewChangeEvent, Plan, Step } from "./change.ts";
export { planOf } from "./change.ts";
export { type Clock, systemClock } from "./clock.ts";
export type {
  AnyCommand,
  Cause,
  CommandSink,
  Committed,
  DomainEvent,
  Envelope,
} from "./command.ts";
export type { Distribution } from "./distribution.ts";
export { CoreError, type CoreErrorCode, type CoreErrorDetails, isCoreError } from "./errors.ts";
export type { Failpoint, FailpointName } from "./failpoint.ts";
export type { CommittedBatch, FlushStats } from "./flush-loop.ts";
export type { FailureReason, Health } from "./health.ts";
export { createNewId, idText, MAX_ID_BYTES, type NewId } from "./id.ts";
export { type Admit, MAX_COMMAND_BYTES, MAX_UNIT_BYTES, MAX_UNIT_COMMANDS } from "./intake.ts";
export {
  canonicalJson,
  type JsonObject,
  type JsonValue,
  jsonObject,
  jsonText,
  MAX_JSON_DEPTH,
} from "./json.ts";
export { type Logger, silentLogger } from "./logger.ts";
export { createLoop, type Loop } from "./loop.ts";
export {
  MAX_CONTENT_BYTES,
  type NewArtifact,
  newArtifact,
  type PartialArtifact,
  partialArtifact,
} from "./model/artifact.ts";
export { type Command, type CoreModule, coreModule } from "./model/core-module.ts";
export {
  type EventId,
  eventId,
  type NewDomainEvent,
  newDomainEvent,
  parseEventId,
} from "./model/domain-event.ts";
export { type EntityInput, entityInput } from "./model/entity.ts";
export { type EventInput, eventInput } from "./model/event.ts";
export { type NewJob, newJob } from "./model/job.ts";
export { type PrunePolicy, prunePolicy } from "./model/prune.ts";
export type {
  CoreQueries,
  FindArtifactsOptions,
  FollowOptions,
  ListEntitiesOptions,
  ListEventsOptions,
  ListJobsOptions,
  ListOptions,
  ListReadyJobsOptions,
} from "./model/queries.ts";
export type { Artifact, Entity, Event, Job, JournalEntry, RefusedCommand } from "./model/records.ts";
export type {
  ArtifactRow,
  CoreTables,
  DomainEventRow,
  EntityRow,
  EventRow,
  JobRow,
  JobStatus,
} from "./model/tables.ts";
export {
  type AnyCommandDefinition,
  type CommandDefinition,
  type CommandOf,
  defineCommand,
  defineModule,
  type Migration,
  type Module,
  type Preparation,
  type QueriesOf,
  type Read,
  type StoreModule,
  type TablesMarker,
  type TablesOf,
  tables,
} from "./module.ts";
export { didYouMean, nearestName } from "./nearest.ts";
export type { Page, PageOptions } from "./page.ts";
export type { DatabaseSize, PruneReport } from "./prune-store.ts";
export type { AllTables, ReadOnlyRepo } from "./read-only-repo.ts";
export { openReadOnly, type ReadOnlyStore } from "./read-only-store.ts";
export type { UnreachableReason } from "./rebuild.ts";
export type { Refusal } from "./refusal.ts";
export {
  type BoundStatement,
  type CompiledStatement,
  type ErasedStatement,
  type Literal,
  type Placeholders,
  type Query,
  query,
  type Statement,
  statement,
} from "./statement.ts";
export type { StoreStats } from "./stats.ts";
export {
  createStore,
  type Store,
  type StoreCommand,
  type StoreOptions,
} from "./store.ts";
export { isoTime, normalizeTime, timeText } from "./time.ts";
export type { PastStore, Verification } from "./time-travel.ts";
export type { Upkeep } from "./upkeep.ts";
