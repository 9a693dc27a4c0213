import type { Command, CommandSink, Job, NewJob, ReadOnlyRepo, Store } from "@atlas/core";
import { PluginError, type PluginRegistry } from "@atlas/plugins";

/** Jobs, as a host works with them. */
export interface Jobs {
  /**
   * Queues a job and resolves with it when it is on disk. The same id, or the same idempotency key for the same workflow,
   * gives the job that is there already. Throws `ATLAS_PLUGINS_WORKFLOW_UNKNOWN`.
   */
  create(job: NewJob): Promise<Job>;
  get(id: string): Promise<Job | undefined>;
  /**
   * Resolves with the job when it has succeeded, failed for good or been cancelled. Throws `ATLAS_PLUGINS_JOB_NOT_FOUND`,
   * the reason of `signal`, or `ATLAS_CORE_STOPPED` when the gateway stops before.
   */
  wait(id: string, options?: { readonly signal?: AbortSignal }): Promise<Job>;
}

/** The jobs of one gateway. */
export function createJobs(options: {
  readonly commands: CommandSink<Command>;
  readonly repo: ReadOnlyRepo;
  readonly registry: PluginRegistry;
  readonly newId: () => string;
  readonly onCommitted: Store["onCommitted"];
  /** Aborted when the gateway has stopped. */
  readonly signal: AbortSignal;
}): Jobs {
  const { commands, repo, registry, newId, onCommitted } = options;

  return {
    async create(job) {
      registry.workflow(job.workflow_id);
      const id = job.id ?? newId();
      await commands.enqueue({ type: "job.create", job: { ...job, id } });
      const { workflow_id, idempotency_key } = job;
      const created = await repo.getJob(id);
      if (created !== undefined || idempotency_key === undefined) return found(id, created);
      return found(id, await repo.getJobByKey(workflow_id, idempotency_key));
    },
    get: repo.getJob,
    async wait(id, { signal: given } = {}) {
      const signal = given === undefined ? options.signal : AbortSignal.any([given, options.signal]);
      signal.throwIfAborted();
      return new Promise<Job>((resolve, reject) => {
        const look = (): void => {
          repo.getJob(id).then((job) => {
            if (job === undefined) end(() => reject(notFound(id)));
            else if (isOver(job)) end(() => resolve(job));
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

function isOver({ status }: Job): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}

function found(id: string, job: Job | undefined): Job {
  if (job === undefined) throw notFound(id);
  return job;
}

function notFound(id: string): PluginError {
  return new PluginError("ATLAS_PLUGINS_JOB_NOT_FOUND", { id }, `There is no job "${id}".`);
}
