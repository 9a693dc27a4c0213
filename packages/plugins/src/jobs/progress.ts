import type { Clock, CommandSink, Logger } from "@atlas/core";
import type { JobProgress } from "../contract/workflow.ts";
import type { PluginsCommand } from "../module/plugins-module.ts";

/** How far running jobs are. */
export interface Progress {
  /** Takes what a job tells: at once for listeners, at most once a second for the database. */
  report(jobId: string, progress: JobProgress): void;
  /** What a running job told last. */
  of(jobId: string): JobProgress | undefined;
  /** Hears of every report. Returns a function that ends it. */
  listen(listener: (jobId: string, progress: JobProgress) => void): () => void;
  /** Stores what is not stored yet, and forgets the job. */
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
          log.error({ error, job: jobId }, "A listener of progress threw.");
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
    // Nobody waits for it: a report that is lost costs nothing.
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
      `Progress is { done, total? } in numbers from 0; got ${String(done)} of ${String(total)}.`,
    );
  }
  return {
    done,
    ...(total === undefined ? {} : { total }),
    ...(message === undefined ? {} : { message: String(message).slice(0, 500).toWellFormed() }),
  };
}
