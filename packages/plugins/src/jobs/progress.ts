import type { Clock, CommandSink, Logger } from "@atlas/core";
import type { JobProgress } from "../contract/workflow-context.ts";
import type { PluginsCommand } from "../module/plugins-module.ts";

/** The progress of running jobs. */
export interface Progress {
  /** Takes the progress of a job: listeners get it at once, the database at most once a second. */
  report(jobId: string, progress: JobProgress): void;
  /** The last progress of a running job; nothing when it reported none. */
  of(jobId: string): JobProgress | undefined;
  /** Calls `listener` for every report. The returned function ends that. */
  listen(listener: (jobId: string, progress: JobProgress) => void): () => void;
  /** Stores the last report and forgets the job. */
  end(jobId: string): void;
}

const STORE_EVERY_MS = 1_000;

/** The progress of one gateway's jobs. */
export function createProgress(options: {
  readonly commands: CommandSink<PluginsCommand>;
  readonly clock: Clock;
  readonly log: Logger;
}): Progress {
  const { commands, clock, log } = options;
  const listeners = new Set<(jobId: string, progress: JobProgress) => void>();
  const jobs = new Map<
    string,
    { latest: JobProgress; stored: JobProgress | undefined; cancel: () => void }
  >();

  return {
    report(jobId, given) {
      const latest = checked(given);
      const job = jobs.get(jobId);
      if (job === undefined) {
        jobs.set(jobId, { latest, stored: undefined, cancel: () => undefined });
        store(jobId);
      } else {
        job.latest = latest;
      }
      for (const listener of listeners) {
        try {
          listener(jobId, latest);
        } catch (error) {
          log.error({ error, job_id: jobId }, "A progress listener threw.");
        }
      }
    },
    of: (jobId) => jobs.get(jobId)?.latest,
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    end(jobId) {
      const job = jobs.get(jobId);
      if (job === undefined) return;
      job.cancel();
      send(jobId, job);
      jobs.delete(jobId);
    },
  };

  /** Stores the latest, and looks again a second later as long as there is something new. */
  function store(jobId: string): void {
    const job = jobs.get(jobId);
    if (job === undefined) return;
    send(jobId, job);
    job.cancel = clock.after(STORE_EVERY_MS, () => store(jobId));
  }

  function send(jobId: string, job: { readonly latest: JobProgress; stored: JobProgress | undefined }): void {
    if (job.stored === job.latest) return;
    job.stored = job.latest;
    // Not awaited: a lost report costs nothing.
    void commands.enqueue(
      { type: "plugins.job.progress", job_id: jobId, progress: { ...job.latest } },
      { actor: "runner" },
    );
  }
}

function checked({ done, total, message }: JobProgress): JobProgress {
  const amounts = total === undefined ? [done] : [done, total];
  if (!amounts.every((amount) => Number.isFinite(amount) && amount >= 0)) {
    throw new TypeError(
      `ctx.progress takes { done, total?, message? } with numbers from 0; got done ${String(done)}, total ${String(total)}.`,
    );
  }
  return {
    done,
    ...(total === undefined ? {} : { total }),
    ...(message === undefined ? {} : { message: String(message).slice(0, 500).toWellFormed() }),
  };
}
