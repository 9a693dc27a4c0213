import type { BookkeepingTables } from "./bookkeeping.ts";

/** The columns of `entities`, as stored. */
export interface EntityRow {
  id: string;
  type: string;
  source: string | null;
  external_id: string | null;
  title: string | null;
  url: string | null;
  /** Canonical JSON. */
  data: string | null;
  updated_at: string;
  deleted_at: string | null;
}

/** The columns of `events`, as stored. */
export interface EventRow {
  id: string;
  type: string;
  source: string | null;
  external_id: string | null;
  entity_id: string | null;
  /** Canonical JSON. */
  data: string | null;
  occurred_at: string;
}

/** The columns of `artifacts`, as stored. */
export interface ArtifactRow {
  id: string;
  type: string;
  job_id: string | null;
  title: string | null;
  content_md: string | null;
  /** Canonical JSON. */
  data: string | null;
  created_at: string;
  updated_at: string;
}

/** The status of a job. A delayed job is `queued` with a later `run_at`; a dead letter is `failed` with no attempts left. */
export type JobStatus = "queued" | "running" | "succeeded" | "failed" | "cancelled";

/** The columns of `jobs`, as stored. */
export interface JobRow {
  id: string;
  workflow_id: string;
  status: JobStatus;
  priority: number;
  /** Attempts started so far, which is also the number of the running attempt. */
  attempt: number;
  max_attempts: number | null;
  run_at: string;
  /** Canonical JSON. */
  input: string;
  /** Canonical JSON. */
  error: string | null;
  idempotency_key: string | null;
  parent_id: string | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  updated_at: string;
  /** Canonical JSON of a `CallContext`. */
  context: string | null;
  deadline_at: string | null;
  /** Null: the job is older than this column. */
  created_seq: number | null;
  depth: number;
  group_key: string | null;
}

/** The columns of `domain_events`, as stored. The id that callers see is made from `seq`. */
export interface DomainEventRow {
  seq: number;
  type: string;
  aggregate_id: string | null;
  /** Canonical JSON. */
  payload: string;
  command_seq: number;
  depth: number;
  created_at: string;
  delivered_at: string | null;
  /** Canonical JSON of a `CallContext`. */
  context: string | null;
}

/** Core's tables, and the store's own beside them. */
export interface CoreTables extends BookkeepingTables {
  entities: EntityRow;
  events: EventRow;
  artifacts: ArtifactRow;
  jobs: JobRow;
  domain_events: DomainEventRow;
}
