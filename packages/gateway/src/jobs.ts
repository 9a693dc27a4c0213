import {
  type Command,
  type CommandSink,
  isCoreError,
  type Job,
  type NewJob,
  type ReadOnlyRepo,
  type Store,
} from "@atlas/core";
import {
  isJobOver,
  type JobRunner,
  PluginError,
  type PluginRegistry,
  type PluginsCommand,
  type PluginsModule,
  readJobInput,
} from "@atlas/plugins";

/** Jobs, as a host works with them. */
export interface Jobs {
  /**
   * Queues a job and resolves with it when it is on disk. The same id, or the same idempotency key for the same workflow,
   * gives the job that is there already. Throws `ATLAS_PLUGINS_WORKFLOW_UNKNOWN`, or `ATLAS_PLUGINS_INPUT_INVALID` with
   * what the workflow's schema says.
   */
  create(job: NewJob): Promise<Job>;
  get(id: string): Promise<Job | undefined>;
  /**
   * Resolves with the job when it has succeeded, failed for good or been cancelled. Throws `ATLAS_PLUGINS_JOB_NOT_FOUND`,
   * the reason of `signal`, or `ATLAS_CORE_STOPPED` when the gateway stops before.
   */
  wait(id: string, options?: { readonly signal?: AbortSignal }): Promise<Job>;
  /**
   * Cancels a job: a queued or waiting one never runs, a running one is ended through its signal. A job that is over
   * stays as it is. Resolves with the job. Throws `ATLAS_PLUGINS_JOB_NOT_FOUND`.
   */
  cancel(id: string): Promise<Job>;
  /**
   * Queues a job that has failed for good, or was cancelled, once more with all its attempts; finished steps keep their
   * results. Throws `ATLAS_PLUGINS_JOB_NOT_FAILED`, or `ATLAS_PLUGINS_JOB_NOT_FOUND`.
   */
  redrive(id: string): Promise<Job>;
  /** How far a running job is, as it told last; nothing where it told nothing. */
  readonly progress: JobRunner["progress"];
}

/** The jobs of one gateway. */
export function createJobs(options: {
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly registry: PluginRegistry;
  readonly progress: JobRunner["progress"];
  readonly newId: () => string;
  readonly onCommitted: Store["onCommitted"];
  /** Aborted when the gateway has stopped. */
  readonly signal: AbortSignal;
}): Jobs {
  const { commands, repo, registry, newId, onCommitted } = options;

  return {
    async create(job) {
      await readJobInput(registry.workflow(job.workflow_id), job.input ?? {});
      const id = job.id ?? newId();
      await commands.enqueue({ type: "job.create", job: { ...job, id } });
      const { workflow_id, idempotency_key } = job;
      const created = await repo.getJob(id);
      if (created !== undefined || idempotency_key === undefined) return found(id, created);
      return found(id, await repo.getJobByKey(workflow_id, idempotency_key));
    },
    get: repo.getJob,
    progress: options.progress,
    async cancel(id) {
      const job = found(id, await repo.getJob(id));
      if (isJobOver(job)) return job;
      try {
        await commands.enqueue({ type: "job.updateStatus", id, status: "cancelled" });
      } catch (error) {
        // It was over before the command came.
        if (!isCoreError(error, "ATLAS_CORE_JOB_CONFLICT")) throw error;
      }
      return found(id, await repo.getJob(id));
    },
    async redrive(id) {
      const { status, attempt } = found(id, await repo.getJob(id));
      if (status !== "failed" && status !== "cancelled") throw notFailed(id, status);
      await commands.enqueueAll([
        { type: "plugins.job.forgive", job_id: id, attempt },
        // Held to that attempt, so that a second redrive does not queue what the first has started.
        { type: "job.updateStatus", id, status: "queued", ...(attempt === 0 ? {} : { attempt }) },
      ]);
      return found(id, await repo.getJob(id));
    },
    async wait(id, { signal: given } = {}) {
      const signal = given === undefined ? options.signal : AbortSignal.any([given, options.signal]);
      signal.throwIfAborted();
      return new Promise<Job>((resolve, reject) => {
        const look = (): void => {
          repo.getJob(id).then((job) => {
            if (job === undefined) end(() => reject(notFound(id)));
            else if (isJobOver(job)) end(() => resolve(job));
          }, reject);
        };
        const abort = (): void => end(() => reject(signal.reason));
        const end = (settle: () => void): void => {
          unsubscribe();
          signal.removeEventListener("abort", abort);
          settle();
        };
        // Listening begins before the first look, so that an end in between is not missed.
        const unsubscribe = onCommitted(({ events }) => {
          if (events.some((event) => event.aggregate_id === id)) look();
        });
        signal.addEventListener("abort", abort);
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
  return new PluginError("ATLAS_PLUGINS_JOB_NOT_FOUND", { id }, `There is no job "${id}".`);
}

function notFailed(id: string, status: string): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_JOB_NOT_FAILED",
    { id, status },
    `Job "${id}" is ${status}; only one that has failed for good, or was cancelled, can be redriven.`,
  );
}
