import type {
  Artifact,
  DomainEvent,
  FindArtifactsOptions,
  JsonObject,
  JsonValue,
  NewArtifact,
  NewJob,
  Page,
  StoreModule,
} from "@atlas/core";
import type { HarnessRuntime } from "@atlas/harness";
import type { LLM } from "@atlas/llm";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { BatchOptions } from "./batch.ts";
import type { PluginContext } from "./context.ts";
import type { EventEntry, EventFilter, SelectedEvent } from "./event-filter.ts";
import type { JobWithResult } from "./job-result.ts";
import type { ReturnsJson } from "./json-like.ts";
import type { PluginNeeds } from "./needs.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Schedule } from "./schedule.ts";
import type { Need, PluginServices, ServicesOf } from "./service.ts";
import type { OnVersionChange } from "./version.ts";
import type { Waited, WaitedEvent, WaitForEventOptions, WaitOptions } from "./wait.ts";

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

/** Something that a workflow can ask its host for: coding agents (`harness`), or a service of this name. */
export type Capability = "harness" | (string & {});

/** What a workflow gets for one attempt at a job. Once the attempt has ended, its methods reject with `ATLAS_PLUGINS_CONTEXT_ENDED`. */
export interface WorkflowContext<Module extends StoreModule = never, Services extends object = PluginServices>
  extends PluginContext<Module, Services> {
  /**
   * The number of this attempt, from 1 up to the job's `max_attempts`. Runs that end in a wait, a stop of the gateway or a crash do not
   * count. (`job.attempt` counts every run: `repo.plugins.getJobAttempts` has both.)
   */
  readonly attempt: number;
  /**
   * The version of the workflow under which this job began, or was restarted. With `onVersionChange: "continue"` it may be another one than
   * the workflow's, so code can branch on it: `if (ctx.version < 2) …`.
   */
  readonly version: number;
  /** Language models. A call without a `signal` of its own ends with the attempt. */
  readonly llm: LLM;
  /** Coding agents. Present when the host configured a harness. */
  readonly harness?: HarnessRuntime;
  /**
   * Creates an artifact of this job and resolves when it is committed. Its id follows from the job and `key`, so a retry replaces it, and
   * so does a second call with the same key. Without a key the number of the call takes its place, within a step or outside. A later
   * attempt whose call of that number has another `type` throws `ATLAS_PLUGINS_CALL_CHANGED`.
   */
  emitArtifact(artifact: NewArtifact, options?: CallOptions): Promise<{ readonly id: string }>;
  /**
   * Creates a child job. Its id follows from the job and `key`, so a retry reuses the child instead of creating a second one. Without a
   * key the number of the call takes its place, within a step or outside. A later attempt whose call of that number has another workflow
   * or input throws `ATLAS_PLUGINS_CALL_CHANGED`: pass a key where the list of children may change between attempts. Throws
   * `ATLAS_PLUGINS_KEY_REUSED`, and `ATLAS_PLUGINS_SPAWN_TOO_DEEP` when the chain of children is too long.
   */
  spawnJob(job: NewJob, options?: CallOptions): Promise<{ readonly id: string }>;
  /** A page of artifacts, of all jobs unless `options` say otherwise: `repo.findArtifacts`. */
  findArtifacts(options?: FindArtifactsOptions): Promise<Page<Artifact>>;
  /**
   * Runs `work` and stores its result (at most 64 KiB of JSON) under `name`. Resolves with what was stored, and a later attempt at this
   * job gets the same instead of running `work` again. Steps may run in parallel. With `retry`, a failure of `work` is retried within the
   * attempt, which keeps its slot during the pauses. A result that is not JSON does not compile; where types cannot tell, it throws
   * `ATLAS_PLUGINS_STEP_INVALID` with the path of the first value that is not JSON, and the job is not tried again. Throws
   * `ATLAS_PLUGINS_STEP_REUSED` for a name that another step of the attempt has, and `ATLAS_PLUGINS_STEP_TOO_LARGE`.
   */
  step<Result>(name: string, work: (() => Result | Promise<Result>) & ReturnsJson<Result>): Promise<Result>;
  step<Result>(
    name: string,
    options: StepOptions,
    work: (() => Result | Promise<Result>) & ReturnsJson<Result>,
  ): Promise<Result>;
  /**
   * Waits without holding a slot: the attempt ends here, and the job runs again from the top when the time has come. Finished steps and
   * waits keep their results, and this one returns. A number is a duration in milliseconds, counted from when this name is first reached;
   * a `Date` or an ISO 8601 text is a point in time. `name` is the key of the wait: each wait of an attempt needs its own, or throws
   * `ATLAS_PLUGINS_WAIT_REUSED`.
   */
  sleep(name: string, until: number | string | Date): Promise<void>;
  /**
   * Waits in the same way for an answer that `gateway.jobs.signal(jobId, name, value)` gives; with several names, for the first answer to
   * any of them. An answer that came before the wait is kept for it. The first answer to a name stays: a later attempt gets the same.
   * Throws `ATLAS_PLUGINS_ANSWER_INVALID` when an answer that came before the wait does not match `schema`.
   */
  wait<Value = JsonValue>(
    name: string | readonly string[],
    options?: WaitOptions<Value>,
  ): Promise<Waited<Value>>;
  /**
   * Waits in the same way for a domain event: the first one since the creation of the job that matches. The filter names exactly one type.
   * Resolves with the event, or with `timed_out`.
   */
  waitForEvent<const Filter extends EventFilter>(
    name: string,
    filter: Filter,
    options?: WaitForEventOptions,
  ): Promise<WaitedEvent<SelectedEvent<Module, readonly [Filter]>>>;
  /**
   * Waits in the same way until each of these jobs (at most 1,000) has succeeded, failed for good or been cancelled. Resolves with the
   * jobs and their results, in the order of the ids. `resultOf(workflow, job)` types a result. Throws `ATLAS_PLUGINS_JOB_NOT_FOUND`, and
   * `ATLAS_PLUGINS_WAIT_CIRCLE` when one of the jobs waits for this one.
   */
  waitForJobs(name: string, ids: readonly string[]): Promise<readonly JobWithResult[]>;
  /**
   * Reports progress: to listeners at once, to the database at most once a second. It never throws, so a timer may call it. An invalid
   * report fails the attempt; a report after the end of the attempt is dropped.
   */
  progress(progress: JobProgress): void;
}

/** Options of `ctx.emitArtifact` and `ctx.spawnJob`. */
export interface CallOptions {
  /** What tells it from the others of this job: 1 to 255 bytes of UTF-8, such as `page-2`. Default: the number of the call. */
  readonly key?: string;
}

/** Options of `ctx.step`. */
export interface StepOptions {
  /** Retries of `work` within the attempt. Default: none; a failure fails the attempt. An error with `retryable: false` is not retried. */
  readonly retry?: RetryPolicy;
}

/** The progress of a job. */
export interface JobProgress {
  readonly done: number;
  /** The amount of work in all. Default: unknown. */
  readonly total?: number;
  readonly message?: string;
}

/** The `ctx` of a workflow with these capabilities: it has them and no others. */
export type WorkflowContextWith<
  Needed extends Capability,
  Module extends StoreModule = never,
  Services extends object = PluginServices,
> = Omit<WorkflowContext<Module, Services>, "harness"> &
  Readonly<Required<Pick<WorkflowContext, Needed & "harness">>>;

/** What `run` gets: the output of the schema, or a list of outputs where a batch has a size. */
type RunInput<Input, MaxSize> = [MaxSize] extends [number] ? readonly Input[] : Input;

/** The input of a workflow without a schema. */
type AnyInput = StandardSchemaV1<Record<string, unknown>, Record<string, unknown>>;

/**
 * Returns the workflow, typed: `input` of `run` is the output of its schema (with `batch`: a list of outputs), `event` of `inputOf` is one that `on` names, and `ctx` has
 * the capabilities that it names, the modules that it `uses` and the services that it `needs`. What `run` returns, as JSON of at most
 * 64 KiB, is the `result` of the job; `resultOf(workflow, job)` reads it with its type. `createGateway` checks the options, and throws a
 * `TypeError` that names the wrong one.
 *
 * @example
 * ```ts
 * const greet = defineWorkflow({
 *   id: "greet.v1",
 *   input: z.object({ name: z.string() }),
 *   async run(ctx, { name }) {
 *     await ctx.emitArtifact({ type: "greeting", content_md: `Hello ${name}!` });
 *   },
 * });
 * assert.deepEqual(greet.capabilities, []);
 * ```
 */
export function defineWorkflow<
  Schema extends StandardSchemaV1 = AnyInput,
  const Needed extends readonly Capability[] = readonly [],
  const Uses extends readonly StoreModule[] = readonly [],
  const Needs extends readonly Need[] = readonly [],
  Result = void,
  const On extends readonly EventEntry[] = readonly EventEntry[],
  // Without `batch` nothing is inferred here, so it stays `undefined`.
  MaxSize extends number | undefined = undefined,
>(
  workflow: Omit<WorkflowOptions, "on" | "perKey"> & {
    readonly id: string;
    readonly input?: Schema;
    readonly batch?: BatchOptions<StandardSchemaV1.InferOutput<Schema>> & { readonly maxSize: MaxSize };
    readonly on?: On;
    readonly perKey?: PerKey<StandardSchemaV1.InferOutput<Schema>>;
    inputOf?(event: SelectedEvent<Uses[number], On>): StandardSchemaV1.InferInput<Schema>;
    readonly capabilities?: Needed;
    readonly uses?: Uses;
    readonly needs?: Needs;
    readonly run: ((
      ctx: WorkflowContextWith<Needed[number], Uses[number], ServicesOf<Needs>>,
      input: RunInput<StandardSchemaV1.InferOutput<Schema>, MaxSize>,
      jobId: string,
    ) => Promise<Result>) &
      ReturnsJson<Result>;
  },
): ResultWorkflow<Result> {
  const { run, inputOf, perKey } = workflow;
  return {
    ...workflow,
    // Only events that `on` selects come here, and the command that creates the job checks that the input is JSON. What is no function
    // stays as it is, so that the gateway refuses it.
    ...(typeof inputOf === "function"
      ? { inputOf: (event: DomainEvent) => workflow.inputOf?.(event as never) as JsonObject }
      : {}),
    // It gets the output of the schema.
    ...(perKey === undefined ? {} : { perKey: perKey as PerKey }),
    capabilities: workflow.capabilities ?? [],
    // The runner passes to `run` what `input`, `capabilities`, `uses` and `needs` of this object say, and `ReturnsJson`
    // has checked the result.
    run: (typeof run === "function"
      ? (ctx, input, jobId) => workflow.run(ctx as never, input as never, jobId)
      : run) as WorkflowPlugin["run"],
  } as ResultWorkflow<Result>;
}
