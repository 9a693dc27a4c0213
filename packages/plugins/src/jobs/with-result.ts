import type { Job, ReadOnlyRepo } from "@atlas/core";
import type { JobWithResult } from "../contract/job-result.ts";
import type { PluginsModule } from "../module/plugins-module.ts";

/** The job with what its workflow returned. */
export async function withResult(repo: ReadOnlyRepo<PluginsModule>, job: Job): Promise<JobWithResult> {
  if (job.status !== "succeeded") return job;
  const result = await repo.plugins.getJobResult(job.id);
  return result === undefined ? job : { ...job, result };
}
