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
}): Promise<void> {
  const { repo, commands, log, decide } = options;
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
    const run = await repo.plugins.getJobRun(id);
    const recoveries = run?.recovered_attempt === attempt - 1 ? run.recoveries : 0;
    const next = decide(job, { status: "orphaned", recoveries });
    try {
      await commands.enqueueAll(
        [
          { type: "plugins.job.recover", job_id: id, attempt },
          { type: "job.updateStatus", id, attempt, from: "running", ...next },
        ],
        { actor: "runner" },
      );
    } catch (error) {
      // The host has cancelled it meanwhile.
      if (!isCoreError(error, "ATLAS_CORE_JOB_CONFLICT")) throw error;
    }
  }
}
