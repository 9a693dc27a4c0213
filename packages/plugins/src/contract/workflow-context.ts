import type {
  Artifact,
  FindArtifactsOptions,
  JsonValue,
  NewArtifact,
  NewJob,
  Page,
  StoreModule,
} from "@atlas/core";
import type { HarnessRuntime } from "@atlas/harness";
import type { LanguageModelV4, LLM } from "@atlas/llm";
import type { PluginContext } from "./context.ts";
import type { EventFilter, SelectedEvent } from "./event-filter.ts";
import type { JobWithResult } from "./job-result.ts";
import type { ReturnsJson } from "./json-like.ts";
import type { RetryPolicy } from "./retry.ts";
import type { PluginServices } from "./service.ts";
import type { Waited, WaitedEvent, WaitForEventOptions, WaitOptions } from "./wait.ts";

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
  /**
   * Returns a profile as a model for the AI SDK (default: the default profile), such as for its `generateText`, agents and tools.
   * Its calls end with the attempt, and are kept with the job like those of `llm`.
   */
  model(profile?: string): LanguageModelV4;
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
