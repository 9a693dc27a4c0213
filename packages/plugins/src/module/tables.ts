import type { Logger } from "@atlas/core";
import type { WaitKind } from "../contract/wait.ts";

/** The tables of the runners. */
export interface PluginsTables {
  /** The cursor of each source. */
  plugins_source_cursors: {
    source_id: string;
    /** Canonical JSON. */
    cursor: string;
  };
  /** Records of sources that the store refused. */
  plugins_refused_records: {
    source_id: string;
    /** A digest of what identifies the record, so that it has one row however often it is refused. */
    record_key: string;
    external_id: string | null;
    /** The commands as text: JSON as far as they are, and at most 16,384 characters of it. */
    record: string;
    code: string;
    message: string;
    first_at: string;
    last_at: string;
    times: number;
  };
  /** When each schedule of the code is due next. */
  plugins_schedules: {
    kind: ScheduleKind;
    id: string;
    /** Canonical JSON of the schedule that `next_at` follows from. A changed schedule starts anew. */
    spec: string;
    next_at: string;
    /** How many jobs it has made. It numbers them: the clock may be set back, so times do not. */
    runs: number;
  };
  /** The schedules that were made at run time. */
  plugins_api_schedules: {
    id: string;
    workflow_id: string;
    /** Canonical JSON of a `Schedule` with all its options. */
    schedule: string;
    /** Canonical JSON. */
    input: string;
    /** Another one each time that the schedule, its workflow or its input changes. */
    revision: string;
    next_at: string;
    /** How many jobs it has made. */
    runs: number;
    /** Null before the first. */
    last_job_id: string | null;
  };
  /** The last domain event that each sink has passed. */
  plugins_sink_cursors: {
    sink_id: string;
    event_seq: number;
    /** When a gateway last had this sink. */
    seen_at: string;
  };
  /** Failed deliveries: events that a sink has passed without taking them. */
  plugins_sink_exceptions: {
    sink_id: string;
    event_seq: number;
    status: FailedDeliveryStatus;
    attempts: number;
    next_at: string;
    /** Canonical JSON. */
    error: string;
    updated_at: string;
  };
  /** Which runs of a job do not count as attempts. */
  plugins_job_runs: {
    job_id: string;
    /** Runs that ended in neither success nor failure: waits, interruptions, crashes. */
    uncounted: number;
    /** Crashes in a row, the last of them in the run `recovered_attempt`. */
    recoveries: number;
    recovered_attempt: number;
  };
  /** Under which version of its workflow a job began. A job without a row began under version 1. */
  plugins_job_versions: {
    job_id: string;
    /** 0 for a job whose first run ended before its workflow was called. */
    version: number;
  };
  /** The results of a job's finished steps. */
  plugins_job_steps: {
    job_id: string;
    name: string;
    /** Canonical JSON; null for nothing. */
    result: string | null;
    /** The run in which it finished; null for a step of a database older than this column. */
    attempt: number | null;
  };
  /** What the attempts at a job have made: its artifacts, and the child jobs whose ids come from the number of the call. */
  plugins_job_calls: {
    job_id: string;
    kind: CallKind;
    /** The id of the artifact or child job. */
    target: string;
    /** Of what the call was given; null where a key or an id says which call it was. */
    digest: string | null;
    /** The last run that made it. */
    attempt: number;
    /** The step that it was made in; null outside steps. */
    step: string | null;
  };
  /** What jobs wait for, and the answers. */
  plugins_waits: {
    job_id: string;
    name: string;
    kind: WaitKind;
    /** Null for an answer that came before its wait. */
    opened_at: string | null;
    deadline: string | null;
    /** Canonical JSON. */
    info: string | null;
    /** Canonical JSON Schema of the answer. */
    schema: string | null;
    /** Canonical JSON of an `EventFilter`. */
    filter: string | null;
    /** Canonical JSON of a list of job ids. */
    ids: string | null;
    after_seq: number | null;
    scanned_seq: number | null;
    /** The run that ended in this wait; null while no run is parked here. */
    attempt: number | null;
    /** Canonical JSON. */
    value: string | null;
    by: string | null;
    answered_at: string | null;
    /** Counts the answers of a job. The clock may be set back, so `answered_at` does not order them. */
    answer_order: number | null;
    signal_id: string | null;
    /** When it timed out. */
    closed_at: string | null;
  };
  /** What the workflows of succeeded jobs have returned. */
  plugins_job_results: {
    job_id: string;
    /** Canonical JSON. */
    result: string;
  };
  /** Which job holds a key, and what it was asked to do. */
  plugins_job_keys: {
    workflow_id: string;
    /** How long the key is held. Each has keys of its own. */
    scope: KeyScope;
    key: string;
    job_id: string;
    /** Of the input that was asked for; an `admit` hook may have stored another. */
    input_digest: string;
    /** Until when a window lasts. */
    until: string | null;
  };
  /** The newest batch of each key. */
  plugins_batches: {
    workflow_id: string;
    /** Empty where the workflow has no keys. */
    key: string;
    job_id: string;
  };
  /** The inputs that batches have taken. */
  plugins_batch_inputs: {
    job_id: string;
    /** Counts the inputs of a batch, from 1. */
    number: number;
    /** Canonical JSON. */
    input: string;
  };
  /** The last log lines of jobs. */
  plugins_job_logs: {
    job_id: string;
    attempt: number;
    /** Counts the lines of an attempt. */
    number: number;
    at: string;
    level: keyof Logger;
    message: string;
    /** Canonical JSON; null for none. */
    fields: string | null;
    /** Of the message and the fields. */
    size_bytes: number;
  };
  /** The last stored progress of each job. */
  plugins_job_progress: {
    job_id: string;
    /** Canonical JSON of a `JobProgress`. */
    progress: string;
    at: string;
  };
  /** One row: the jobs that were claimed before they had a slot, at the last such claim. */
  plugins_claims_ahead: {
    id: number;
    /** JSON: pairs of a job's id and its attempt. */
    jobs: string;
  };
  /** The plugins that the host has paused. */
  plugins_pauses: {
    kind: PluginKind;
    id: string;
    paused_at: string;
  };
  /** The last attempts that began of each workflow with a rate limit. */
  plugins_rate_starts: {
    workflow_id: string;
    /** Counts the attempts of the workflow that began. */
    number: number;
    at: string;
  };
  /** The attempts that began within the last period of each workflow with a rate limit per key. */
  plugins_key_starts: {
    workflow_id: string;
    /** Counts the attempts of the workflow that began. */
    number: number;
    group_key: string;
    at: string;
  };
}

/** The kinds of plugins. */
export type PluginKind = "source" | "workflow" | "sink";
/** What a workflow makes under ids that its host derives. */
export type CallKind = "artifact" | "job";

/** How long a key is held: until the job is pruned, while the job is queued, waiting or running, for some time, or until the job begins. */
export type KeyScope = "job" | "active" | "window" | "debounce";

/** The kinds of plugins that can have a schedule. */
export type ScheduleKind = "source" | "workflow";

/** `retrying`: it is delivered again at `next_at`. `dead`: a dead letter, which only a redrive delivers again. */
export type FailedDeliveryStatus = "retrying" | "dead";
