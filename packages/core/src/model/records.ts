import type { CallContext } from "../contract/call-context.ts";
import type { Cause, DomainEvent } from "../contract/command.ts";
import type { JsonObject } from "../contract/json.ts";
import type { JournalRow, RefusedCommandRow } from "./bookkeeping.ts";
import type { ArtifactRow, DomainEventRow, EntityRow, EventRow, JobRow, JobStatus } from "./tables.ts";

// The repo returns records: rows with parsed JSON, without the fields that are null.

/** A stored entity. */
export interface Entity {
  readonly id: string;
  readonly type: string;
  readonly source?: string;
  readonly external_id?: string;
  readonly title?: string;
  readonly url?: string;
  readonly data?: JsonObject;
  readonly updated_at: string;
  /** Present on a tombstone. */
  readonly deleted_at?: string;
}

/** An event of the outside world. */
export interface Event {
  readonly id: string;
  readonly type: string;
  readonly source?: string;
  readonly external_id?: string;
  readonly entity_id?: string;
  readonly data?: JsonObject;
  readonly occurred_at: string;
}

/** A result of a workflow. */
export interface Artifact {
  readonly id: string;
  readonly type: string;
  readonly job_id?: string;
  readonly title?: string;
  readonly content_md?: string;
  readonly data?: JsonObject;
  readonly created_at: string;
  readonly updated_at: string;
}

/** A stored job. */
export interface Job {
  readonly id: string;
  readonly workflow_id: string;
  readonly status: JobStatus;
  readonly priority: number;
  /** Attempts begun so far. */
  readonly attempt: number;
  readonly max_attempts?: number;
  readonly run_at: string;
  readonly input: JsonObject;
  readonly error?: JsonObject;
  readonly idempotency_key?: string;
  readonly parent_id?: string;
  readonly created_at: string;
  readonly started_at?: string;
  readonly finished_at?: string;
  readonly updated_at: string;
  /** What the job belongs to. */
  readonly context?: CallContext;
  /** When the job must have ended, over all its attempts. The job runner enforces it. */
  readonly deadline_at?: string;
  /** The `seq` of its `job.created` event; absent if the job is older than this field. */
  readonly created_seq?: number;
  /** Length of the chain of events that led to it; 0 if the outside world created it. */
  readonly depth: number;
  /** Whose job it is among those of its workflow, such as a tenant. */
  readonly group_key?: string;
}

/** An applied command in the journal. */
export interface JournalEntry {
  readonly seq: number;
  readonly command_id?: string;
  readonly type: string;
  readonly payload: JsonObject;
  readonly actor: string;
  readonly cause?: Cause;
  readonly enqueued_at: string;
  readonly context?: CallContext;
}

/** A note of a refused command: its type and the reason, but not its content. */
export interface RefusedCommand {
  readonly seq: number;
  readonly refused_at: string;
  readonly type: string;
  readonly actor: string;
  readonly code: string;
  readonly message: string;
  readonly fingerprint?: string;
}

/** A row without its null columns. */
type Present<Row> = {
  readonly [Column in keyof Row as null extends Row[Column] ? never : Column]: Row[Column];
} & {
  readonly [Column in keyof Row as null extends Row[Column] ? Column : never]?: NonNullable<Row[Column]>;
};

function present<Row extends object>(row: Row): Present<Row> {
  const record: Record<string, unknown> = {};
  for (const [column, value] of Object.entries(row)) if (value !== null) record[column] = value;
  // Built from the row's own columns, less the null ones.
  return record as Present<Row>;
}

function readJson<Value = JsonObject>(text: string): Value {
  // Only canonical JSON of this shape is ever stored in a JSON column.
  return JSON.parse(text) as Value;
}

function withData<Row extends { readonly data: string | null }>({ data, ...row }: Row) {
  return { ...present(row), ...(data === null ? {} : { data: readJson(data) }) };
}

// A file that was opened for reading only may be older than the column: then there is no value, not even null.
function withContext(context: string | null | undefined): { readonly context?: CallContext } {
  return context == null ? {} : { context: readJson<CallContext>(context) };
}

export const toEntity = (row: EntityRow): Entity => withData(row);
export const toEvent = (row: EventRow): Event => withData(row);
export const toArtifact = (row: ArtifactRow): Artifact => withData(row);

export function toJob({ input, error, context, depth = 0, ...row }: JobRow): Job {
  return {
    ...present(row),
    depth,
    input: readJson(input),
    ...(error === null ? {} : { error: readJson(error) }),
    ...withContext(context),
  };
}

export function toDomainEvent({ payload, context, ...row }: DomainEventRow, id: string): DomainEvent {
  return {
    id,
    ...present(row),
    payload: readJson(payload),
    ...withContext(context),
  };
}

export function toJournalEntry({ payload, cause, context, ...row }: JournalRow): JournalEntry {
  return {
    ...present(row),
    payload: readJson(payload),
    ...(cause === null ? {} : { cause: readJson<Cause>(cause) }),
    ...withContext(context),
  };
}

export const toRefusedCommand = (row: RefusedCommandRow): RefusedCommand => present(row);
