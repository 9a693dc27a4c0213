import {
  type Clock,
  type Command,
  type CommandSink,
  type Envelope,
  isoTime,
  type Job,
  type JsonValue,
  type Logger,
  type ReadOnlyRepo,
  type Store,
} from "@atlas/core";
import {
  type JobWait,
  type JobWithResult,
  PluginError,
  type PluginsModule,
  type SignalResult,
} from "@atlas/plugins";
import {
  type Batches,
  checkOptions,
  createSignal,
  isJobOver,
  type JobRunner,
  type PluginRegistry,
  type PluginsCommand,
  type SignalOptions,
  withResult,
} from "@atlas/plugins/runtime";
import { createJobCreation } from "./create-jobs.ts";
import type { CreateOptions } from "./create-options.ts";
import { createDebounce, type Debounce } from "./debounce.ts";
import { createJobEvents, type OnJobEvent } from "./job-events.ts";
import { createJobFamily } from "./job-family.ts";
import type { JobRequest } from "./job-request.ts";

/** Jobs, for the host. */
export interface Jobs {
  /**
   * Creates a job and resolves with it once it is on disk. Resolves with the job that is there already when it has the same id, or the same
   * key for the same workflow: `idempotency_key` until that job is pruned, `unique: { key, while: "active" }` until it has ended, `unique:
   * { key, forMs }` for some time. Throws `ATLAS_PLUGINS_KEY_CONFLICT` when that job has another input, and `ATLAS_PLUGINS_KEY_ENDED`
   * when the job of an idempotency key has failed or was cancelled; `ATLAS_PLUGINS_WORKFLOW_UNKNOWN`; or `ATLAS_PLUGINS_INPUT_INVALID`
   * with the message of the workflow's schema. `envelope` says who asks and why; the job takes over its `context`.
   *
   * For a workflow with `batch`, it puts the input into the open batch, or opens one, and resolves with the job of that batch. Throws
   * `ATLAS_PLUGINS_BATCH_DOOR` for a request with an id, key or time of its own, and `ATLAS_PLUGINS_BATCH_KEY_INVALID`.
   */
  create(job: JobRequest, envelope?: Envelope, options?: CreateOptions): Promise<Job>;
  /**
   * Creates jobs in one unit, all or none, with the same checks, and resolves with one job for each request. Throws the first refusal. A
   * unit has at most 8 MiB, and must fit into the store's queue (`maxQueuedCommands`).
   */
  createMany(
    jobs: readonly JobRequest[],
    envelope?: Envelope,
    options?: CreateOptions,
  ): Promise<readonly Job[]>;
  /**
   * Creates a job that begins once there was no call with its `key` for `waitMs`; each call before that replaces the input and puts the run
   * off again, at most until `maxWaitMs` after the first. The last input wins. A call after the job has begun creates the next one. Resolves
   * once that is on disk, with the job and whether it was `created` or `replaced`; it outlasts restarts. A call in the very moment in which
   * the job begins may have its input run at once. Throws `ATLAS_PLUGINS_WORKFLOW_UNKNOWN`, `ATLAS_PLUGINS_INPUT_INVALID`, or a `TypeError`.
   */
  readonly debounce: Debounce;
  /** The job with this id and, once it has succeeded, what its workflow returned as `result`; or nothing. */
  get(id: string): Promise<JobWithResult | undefined>;
  /**
   * Resolves with the job and its `result` once it has succeeded, failed for good or been cancelled. Throws `ATLAS_PLUGINS_JOB_NOT_FOUND`;
   * `ATLAS_PLUGINS_NOT_STARTED` when the job has not ended and `gateway.start()` was not called, since no job runs before that; the reason
   * of `signal`; or `ATLAS_CORE_STOPPED` when the gateway stops first.
   */
  wait(id: string, options?: { readonly signal?: AbortSignal }): Promise<JobWithResult>;
  /**
   * Answers the `ctx.wait(name)` of a job: any JSON value of up to 64 KiB. Resolves once the answer is on disk, with `delivered` when the
   * job waits for it, with `buffered` when the job has not come to that wait yet, with `already_received` when there is another answer,
   * and with `closed` when the job is over or the wait has timed out. With the same `signal_id`, a repeated call gets the result of the
   * first. Throws `ATLAS_PLUGINS_JOB_NOT_FOUND`, or `ATLAS_PLUGINS_ANSWER_INVALID` when the value does not match the schema of the wait.
   */
  signal(id: string, name: string, value: JsonValue, options?: SignalOptions): Promise<SignalResult>;
  /** What a job waits for, and the answers that it has, with the `info` of each wait. Throws `ATLAS_PLUGINS_JOB_NOT_FOUND`. */
  listWaits(id: string): Promise<readonly JobWait[]>;
  /**
   * Cancels a job with its children and their children, and resolves with it; `children: false` spares them. A queued or waiting job does
   * not run any more, a running one is ended through its signal, and one that has ended stays as it is. `envelope` says who asks and why,
   * here and below. Throws `ATLAS_PLUGINS_JOB_NOT_FOUND`.
   */
  cancel(id: string, options?: { readonly children?: boolean }, envelope?: Envelope): Promise<Job>;
  /**
   * Queues a job that failed for good or was cancelled again, with all its attempts. Finished steps keep their results. Its children that
   * failed are queued again before it, and so are theirs; below a cancelled job, also those that were cancelled. `children: false` leaves
   * them as they are. Throws `ATLAS_PLUGINS_JOB_NOT_FAILED` or `ATLAS_PLUGINS_JOB_NOT_FOUND`.
   */
  redrive(id: string, options?: { readonly children?: boolean }, envelope?: Envelope): Promise<Job>;
  /**
   * Lets a delayed job run now, whatever its `run_at` says, and resolves with it; also one that waits for its next attempt after a failure.
   * A job that is due already stays as it is. Throws `ATLAS_PLUGINS_JOB_NOT_DELAYED` when it is not queued, or when it waits for a time or
   * an answer that its workflow asked for; and `ATLAS_PLUGINS_JOB_NOT_FOUND`.
   */
  promote(id: string, envelope?: Envelope): Promise<Job>;
  /**
   * Calls `listener` each time that something happens to a job: `created`, `started`, `requeued`, `succeeded`, `failed` or `cancelled`. It
   * hears of what is on disk, and only while this process runs: use a sink where nothing may be missed. Returns a function that ends it.
   */
  readonly on: OnJobEvent;
  /** The progress of running jobs: `of(id)` for the last report, `listen(…)` for every report. */
  readonly progress: JobRunner["progress"];
}

/** The jobs of one gateway. */
export function createJobs(options: {
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly registry: PluginRegistry;
  readonly batches: Batches;
  readonly progress: JobRunner["progress"];
  readonly clock: Clock;
  readonly log: Logger;
  readonly newId: () => string;
  readonly onCommitted: Store["onCommitted"];
  /** True once the gateway was started. */
  readonly isStarted: () => boolean;
  /** Aborted when the gateway has stopped. */
  readonly signal: AbortSignal;
}): Jobs {
  const { commands, repo, registry, newId, clock, onCommitted, isStarted } = options;
  const signal = createSignal({ repo, commands });
  const family = createJobFamily({ repo, commands });
  const create = createJobCreation({ repo, commands, registry, batches: options.batches, clock, newId });

  return {
    async create(job, envelope, given) {
      const [created] = await create([job], envelope, given);
      // One for each request.
      return created as Job;
    },
    createMany: create,
    debounce: createDebounce({ commands, repo, registry, clock, newId }),
    on: createJobEvents({ onCommitted, log: options.log }),
    async get(id) {
      const job = await repo.getJob(id);
      return job === undefined ? undefined : withResult(repo, job);
    },
    progress: options.progress,
    async signal(id, name, value, given = {}) {
      checkOptions("jobs.signal", given, ["signal_id", "by"]);
      return signal(id, name, value, given);
    },
    async listWaits(id) {
      found(id, await repo.getJob(id));
      return repo.plugins.listWaits(id);
    },
    async cancel(id, given = {}, envelope) {
      checkOptions("jobs.cancel", given, ["children"]);
      const job = found(id, await repo.getJob(id));
      await family.cancel(job, { children: given.children !== false, envelope });
      return found(id, await repo.getJob(id));
    },
    async redrive(id, given = {}, envelope) {
      checkOptions("jobs.redrive", given, ["children"]);
      const job = found(id, await repo.getJob(id));
      if (job.status !== "failed" && job.status !== "cancelled") throw notFailed(id, job.status);
      await family.redrive(job, { children: given.children !== false, envelope });
      return found(id, await repo.getJob(id));
    },
    async promote(id, envelope) {
      const { status, attempt, run_at, error } = found(id, await repo.getJob(id));
      if (status !== "queued") throw notDelayed(id, status);
      const now = isoTime(clock.now());
      if (run_at <= now) return found(id, await repo.getJob(id));
      if ((await repo.plugins.listWaits(id)).some((wait) => wait.attempt === attempt))
        throw notDelayed(id, "waiting");
      const unit = [
        { type: "plugins.job.promote", job_id: id, attempt },
        {
          type: "job.updateStatus",
          id,
          status: "queued",
          run_at: now,
          ...(error === undefined ? {} : { error }),
        },
      ] as const;
      await commands.enqueueAll(unit, envelope);
      return found(id, await repo.getJob(id));
    },
    async wait(id, waitOptions = {}) {
      checkOptions("jobs.wait", waitOptions, ["signal"]);
      const { signal: given } = waitOptions;
      const over = given === undefined ? options.signal : AbortSignal.any([given, options.signal]);
      over.throwIfAborted();
      return new Promise<JobWithResult>((resolve, reject) => {
        const look = (): void => {
          repo.getJob(id).then((job) => {
            if (job === undefined) end(() => reject(notFound(id)));
            else if (isJobOver(job)) end(() => resolve(withResult(repo, job)));
            else if (!isStarted()) end(() => reject(notStarted(id)));
          }, failed);
        };
        const failed = (error: unknown): void => end(() => reject(error));
        const abort = (): void => failed(over.reason);
        const end = (settle: () => void): void => {
          unsubscribe();
          over.removeEventListener("abort", abort);
          settle();
        };
        // Listening begins before the first look, so that an end in between is not missed.
        const unsubscribe = onCommitted(({ events }) => {
          if (events.some((event) => event.aggregate_id === id)) look();
        });
        over.addEventListener("abort", abort);
        look();
      });
    },
  };
}

function found(id: string, job: Job | undefined): Job {
  if (job === undefined) throw notFound(id);
  return job;
}

function notFound(id: string): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_JOB_NOT_FOUND",
    { id },
    `There is no job "${id}". Check the id; the job may have been pruned.`,
  );
}

function notFailed(id: string, status: string): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_JOB_NOT_FAILED",
    { id, status },
    `The job "${id}" is ${status}. Only a job that failed for good or was cancelled can be redriven; create another job instead.`,
  );
}

const WHY_NOT_DELAYED: Readonly<Record<string, string>> = {
  waiting: "Answer its wait with jobs.signal, or let its time come; jobs.listWaits shows what it waits for.",
  running: "It has begun already.",
};

function notDelayed(id: string, status: string): PluginError {
  const why = WHY_NOT_DELAYED[status] ?? "Call jobs.redrive to run a failed or cancelled job again.";
  return new PluginError(
    "ATLAS_PLUGINS_JOB_NOT_DELAYED",
    { id, status },
    `The job "${id}" is ${status}. Only a queued job that is delayed can be promoted. ${why}`,
  );
}

function notStarted(id: string): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_NOT_STARTED",
    { id },
    `jobs.wait("${id}") would wait for ever: no job runs before the gateway is started. Call gateway.start() first.`,
  );
}
