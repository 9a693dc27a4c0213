import {
  type Command,
  type CommandSink,
  isCoreError,
  type Job,
  type Logger,
  type ReadOnlyRepo,
} from "@atlas/core";
import type { PluginsCommand, PluginsModule } from "../module/plugins-module.ts";
import type { AttemptOutcome, NextJobState } from "./job-state.ts";

/**
 * Returns to the queue the jobs that an earlier process left `running`, or fails those that crashed it again and again. One process
 * owns the database, so before the first claim every running job is such an orphan.
 * A stop that could not write, since the disk was locked or full, leaves orphans too. They count as crashed: that the last process released
 * its lock in good order proves nothing, for a tool may have opened and closed the database after a crash, and a job that ends each process
 * would then be run for ever.
 */
export async function recoverOrphans(options: {
  readonly repo: ReadOnlyRepo<PluginsModule>;
  readonly commands: CommandSink<Command | PluginsCommand>;
  readonly log: Logger;
  readonly decide: (job: Job, outcome: AttemptOutcome) => NextJobState;
  /** Has the job, which was claimed ahead, run alone next. */
  readonly suspect: (jobId: string) => void;
}): Promise<void> {
  const { repo, commands, log, decide, suspect } = options;
  const claimedAhead = await repo.plugins.listClaimedAhead();
  let jobs = 0;
  let cursor: string | undefined;
  do {
    const page = await repo.listJobs({ status: "running", ...(cursor === undefined ? {} : { cursor }) });
    await Promise.all(page.items.map(recover));
    jobs += page.items.length;
    cursor = page.cursor;
  } while (cursor !== undefined);
  if (jobs > 0)
    log.warn({ jobs }, "An earlier process left jobs running. They are queued again, or have failed.");

  async function recover(job: Job): Promise<void> {
    const { id, attempt } = job;
    if (claimedAhead.get(id) === attempt) return await giveBack(job);
    const run = await repo.plugins.getJobRun(id);
    const recoveries = run?.recovered_attempt === attempt - 1 ? run.recoveries : 0;
    const next = decide(job, { status: "orphaned", recoveries });
    await move(job, { type: "plugins.job.recover", job_id: id, attempt }, next);
  }

  /** It may have begun, and nobody knows. So nothing is counted yet, and it runs alone: if it ends the process, it will do so again. */
  async function giveBack(job: Job): Promise<void> {
    suspect(job.id);
    await move(job, { type: "plugins.job.uncount", job_id: job.id }, decide(job, { status: "interrupted" }));
  }

  async function move({ id, attempt }: Job, note: PluginsCommand, next: NextJobState): Promise<void> {
    try {
      await commands.enqueueAll([note, { type: "job.updateStatus", id, attempt, from: "running", ...next }], {
        actor: "runner",
      });
    } catch (error) {
      // The host has cancelled it meanwhile.
      if (!isCoreError(error, "ATLAS_CORE_JOB_CONFLICT")) throw error;
    }
  }
}
