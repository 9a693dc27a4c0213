import type { DomainEvent, JsonObject, JsonValue } from "@atlas/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { BatchOptions } from "./batch.ts";
import type { EventEntry } from "./event-filter.ts";
import type { PluginNeeds } from "./needs.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Schedule } from "./schedule.ts";
import type { OnVersionChange } from "./version.ts";
import type { Capability, WorkflowContext } from "./workflow-context.ts";

/** Works on the data that is there, with language models and coding agents, and leaves artifacts. */
export interface WorkflowPlugin extends WorkflowOptions, PluginNeeds {
  readonly id: string;
  /** What it returns is stored as the job's `result`: JSON of at most 64 KiB, or nothing. */
  run(ctx: WorkflowContext, input: Record<string, unknown>, jobId: string): Promise<WorkflowResult>;
  /** The schema of a job's input. It is checked when the job is created, and again when it runs. Default: any object. */
  readonly input?: StandardSchemaV1;
  /**
   * Collects inputs: one job for up to `maxSize` of them. `run` then gets a list of them, which `defineWorkflow` types; `input` is the schema
   * of one. Inputs come from `jobs.create`, `jobs.createMany` and `on`. Default: a job for each input.
   */
  readonly batch?: BatchOptions;
  /**
   * The input of the job for an event of `on`. When it throws, or its input is refused, the event is a failed delivery of the sink
   * `$on:<workflow id>`. Default: `{ event_id, type, aggregate_id, payload }` of the event.
   */
  inputOf?(event: DomainEvent): JsonObject;
  /** What `ctx` must have beyond what every workflow gets. Default: everything that the host configured. */
  readonly capabilities?: readonly Capability[];
}

/** What a workflow may return. */
// biome-ignore lint/suspicious/noConfusingVoidType: it is what a function without a return statement returns.
export type WorkflowResult = JsonValue | undefined | void;

/** A workflow whose `run` returns a `Result`. */
export interface ResultWorkflow<Result> extends WorkflowPlugin {
  /** Exists in the type only. */
  readonly "~result"?: Result;
}

/** How the jobs of a workflow run. */
export interface WorkflowOptions {
  /** Retries of a failed attempt. Default: 3 attempts, with exponential backoff and jitter up to 5 min. */
  readonly retry?: WorkflowRetry;
  /**
   * Time limit of one attempt, in milliseconds. Default: 900,000 (15 min). A larger value lets slow work end, and lets an attempt that
   * hangs hold its slot for as long.
   */
  readonly timeoutMs?: number;
  /**
   * Attempts of this workflow that run at the same time. Default: as many as the gateway allows in all. Set it to protect a service with
   * few connections, or to keep slots free for other workflows.
   */
  readonly concurrency?: number;
  /**
   * Shares the workflow between its callers: each job has a key, such as the tenant it belongs to. Within a priority, keys take turns, so
   * one with 100,000 queued jobs does not hold up the others; and each may have a limit of its own. It costs a search of an index for each
   * key. Default: jobs have no key and run in the order of the queue.
   */
  readonly perKey?: PerKey;
  /**
   * How many attempts of this workflow may begin: at most `max` within any period of `perMs` milliseconds, over restarts too. A retry, and
   * a run after a wait, count like a first attempt. Jobs beyond it stay queued, and other workflows are not held up. Each claim then
   * stores one more row. Default: no limit. Set it for a service that counts calls per minute.
   */
  readonly rateLimit?: RateLimit;
  /**
   * The longest chain of child jobs: a job with this many ancestors may spawn no child. Default: 1,000. It ends a workflow that spawns
   * itself for ever; raise it for longer chains, such as one job for each page of a long list.
   */
  readonly maxSpawnDepth?: number;
  /** Creates jobs by itself. Default: never. */
  readonly schedule?: WorkflowSchedule;
  /**
   * Creates a job for each of these domain events, exactly one, in the order of the events: types such as `artifact.created`, `job.*` for
   * every type below one, or filters. A workflow begins with the next event when its `on` is new. An event that came about through a
   * chain of 16 others becomes a dead letter instead of a job, so a workflow that answers its own events comes to an end. Default: never.
   */
  readonly on?: readonly EventEntry[];
  /**
   * The version of the code, from 1 to 1,000,000. A job remembers the one under which it began: `ctx.version`. Default: 1. Raise it with a
   * change that jobs in progress must not simply run into. From 2 on, the first claim of each job stores one more row.
   */
  readonly version?: number;
  /**
   * What becomes of a job that runs again after `version` has changed: `continue` (the default), `restart`, `fail`, or a function that
   * decides for each job. It is asked when the job runs next, not at the deploy. Where the function throws, the attempt fails.
   */
  readonly onVersionChange?: OnVersionChange;
}

/** What each key of a workflow may take. */
export interface PerKey<Input = Record<string, unknown>> {
  /**
   * The key of a job with this input, of 1 to 255 bytes. The input is what `run` gets: the output of the schema. It is called when the job
   * is created, and stored as the job's `group_key`; a job that is created with a `group_key` keeps that one. When it throws or returns
   * something else, the job is refused with `ATLAS_PLUGINS_GROUP_KEY_INVALID`. So is a bare `job.create` command of a workflow whose
   * schema answers asynchronously.
   */
  key(input: Input): string;
  /** Attempts of one key that run at the same time. Default: no limit but that of the workflow; keys still take turns. */
  readonly concurrency?: number;
  /**
   * How many attempts of one key may begin, counted like the workflow's own `rateLimit`, over restarts too. Each start is stored until its
   * period has passed. Default: no limit. Set it for a service that counts calls per customer.
   */
  readonly rateLimit?: RateLimit;
}

/** At most `max` (1 to 10,000) attempts that begin within any period of `perMs` milliseconds (1 to 24 days). */
export interface RateLimit {
  readonly max: number;
  readonly perMs: number;
}

/** Retries of a workflow. A job's own `max_attempts` overrides `maxAttempts`. */
export interface WorkflowRetry extends RetryPolicy {
  /** Returns false for an error that a retry cannot cure. Errors with `retryable: false` are never retried. Default: retry. */
  readonly retryable?: (error: unknown) => boolean;
}

/** When jobs of a workflow are created, and their input. */
export type WorkflowSchedule = Schedule & {
  /** The input of these jobs. Default: an empty object. */
  readonly input?: JsonObject;
};
