import type {
  Artifact,
  DomainEvent,
  FindArtifactsOptions,
  Job,
  JsonObject,
  NewArtifact,
  NewJob,
  Page,
} from "@atlas/core";
import type { HarnessRuntime } from "@atlas/harness";
import type { LLM } from "@atlas/llm";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { PluginContext } from "./context.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Schedule } from "./schedule.ts";

/** Thinks about what is known, with language models and coding agents, and leaves artifacts. */
export interface WorkflowPlugin extends WorkflowOptions {
  readonly id: string;
  run(ctx: WorkflowContext, input: Record<string, unknown>, jobId: string): Promise<void>;
  /** What a job's input must be; checked when the job is created, and again when it runs. Default: any object. */
  readonly input?: StandardSchemaV1;
  /** What `ctx` holds beyond what every workflow has. Default: whatever the host configured. */
  readonly capabilities?: readonly Capability[];
}

/** How a workflow's jobs are run. */
export interface WorkflowOptions {
  readonly retry?: WorkflowRetry;
  /** How long one attempt may take, in milliseconds. Default: 900,000 (15 minutes). */
  readonly timeoutMs?: number;
  /** Attempts of this workflow that run at the same time. Default: as many as the gateway allows in all. */
  readonly concurrency?: number;
  /** Creates a job whenever its time comes. Default: never. */
  readonly schedule?: WorkflowSchedule;
}

/** Retries of a workflow. A job's own `max_attempts` goes before `maxAttempts`. */
export interface WorkflowRetry extends RetryPolicy {
  /** False for an error after which trying again is no use. Errors with `retryable: false` are never tried again. */
  readonly retryable?: (error: unknown) => boolean;
}

/** When jobs of a workflow are created, and with which input. */
export type WorkflowSchedule = Schedule & {
  /** Default: an empty object. */
  readonly input?: JsonObject;
};

/** What a workflow can ask for. */
export type Capability = "harness";

/** What a workflow is given for one attempt at a job. When the attempt is over, it refuses to work. */
export interface WorkflowContext extends PluginContext {
  /** Which attempt at the job this is, from 1. Waiting, and a restart of the gateway, count for none. */
  readonly attempt: number;
  /** Asks a language model. A call without a `signal` of its own ends with the attempt. */
  readonly llm: LLM;
  /** Present where the host configured one. */
  readonly harness?: HarnessRuntime;
  /**
   * Creates an artifact of this job and resolves when it is committed. Without an id it gets `<job>:artifact:<n>`, so that
   * a repeated attempt replaces what the one before left.
   */
  emitArtifact(artifact: NewArtifact): Promise<{ readonly id: string }>;
  /** Queues a job below this one, with the id `<job>:job:<n>` unless it has one, so that it is never queued twice. */
  spawnJob(job: NewJob): Promise<{ readonly id: string }>;
  findArtifacts(options?: FindArtifactsOptions): Promise<Page<Artifact>>;
  /**
   * Does `work` once: its result is kept (at most 64 KiB of JSON), and a later attempt at this job gets it without doing
   * the work again. The name is the key, so it may be used once in an attempt.
   */
  step<Result>(name: string, work: () => Result | Promise<Result>): Promise<Result>;
  /**
   * Waits until `time` without holding a slot: the attempt ends here, and the job runs again from the top when the time
   * has come. Finished steps keep their results, and this one returns. `time` is read once, when it is first reached.
   */
  sleepUntil(time: Date | string | number): Promise<void>;
  /**
   * Waits in the same way for a domain event that is committed after this attempt began, and resolves with it; with
   * nothing when `timeoutMs` (default: for ever) has passed without one.
   */
  waitForEvent(
    filter: EventFilter,
    options?: { readonly timeoutMs?: number },
  ): Promise<DomainEvent | undefined>;
  /** Waits in the same way until each of these jobs has succeeded, failed for good or been cancelled. */
  waitForJobs(ids: readonly string[]): Promise<readonly Job[]>;
  /** Tells how far the job is: kept in memory for whoever watches, and stored at most once a second. */
  progress(progress: JobProgress): void;
}

/** Which event to wait for: all that is given must match. */
export interface EventFilter {
  readonly type: string;
  readonly aggregate_id?: string;
  /** Values that the event's payload must have at its top level. */
  readonly payload?: JsonObject;
}

/** How far a job is. */
export interface JobProgress {
  readonly done: number;
  /** Default: unknown. */
  readonly total?: number;
  readonly message?: string;
}

/** The `ctx` of a workflow that was defined with these capabilities: it has them, and no others. */
export type WorkflowContextWith<Needed extends Capability> = Omit<WorkflowContext, Capability> &
  Readonly<Required<Pick<WorkflowContext, Needed>>>;

/** The input of a workflow without a schema. */
type AnyInput = StandardSchemaV1<Record<string, unknown>, Record<string, unknown>>;

/**
 * Types a workflow: `input` in `run` is what its schema gives, and `ctx` has the `capabilities` that it names, and no others.
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
>(
  workflow: WorkflowOptions & {
    readonly id: string;
    readonly input?: Schema;
    readonly capabilities?: Needed;
    run(
      ctx: WorkflowContextWith<Needed[number]>,
      input: StandardSchemaV1.InferOutput<Schema>,
      jobId: string,
    ): Promise<void>;
  },
): WorkflowPlugin {
  return {
    ...workflow,
    capabilities: workflow.capabilities ?? [],
    // The runner gives `run` what `input` and `capabilities` of this same object say.
    run: (ctx, input, jobId) => workflow.run(ctx as never, input as never, jobId),
  };
}
