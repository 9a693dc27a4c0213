import { query, type Read } from "@atlas/core";
import type { HarnessRunRecord } from "./run.ts";
import type { HarnessTables } from "./tables.ts";

const selectRuns = query<HarnessTables, { job_id: string }>()((db, p) =>
  db
    .selectFrom("harness_runs")
    .selectAll()
    .where("job_id", "=", p.job_id)
    .orderBy("attempt")
    .orderBy("number"),
);

const selectDegraded = query<HarnessTables, { job_id: string }>()((db, p) =>
  db
    .selectFrom("harness_runs")
    .select("number")
    .where("job_id", "=", p.job_id)
    .where("degraded", "=", 1)
    .limit(1),
);

/** What is readable as `repo.harness`. */
export function harnessQueries(read: Read<HarnessTables>) {
  return {
    /** Lists every task that a job has given to coding agents, in order: who did it, what was tried, what it changed and what it cost. */
    async listRuns(job_id: string): Promise<readonly HarnessRunRecord[]> {
      return (await read.all(selectRuns, { job_id })).map(runOf);
    },
    /** Tells whether `noop` has stood in for an agent in this job. */
    async hasDegraded(job_id: string): Promise<boolean> {
      return (await read.get(selectDegraded, { job_id })) !== undefined;
    },
  };
}

function runOf({
  degraded,
  truncated,
  files,
  tries,
  skipped,
  ...row
}: HarnessTables["harness_runs"]): HarnessRunRecord {
  const known = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
  // The row was made of a run: what is not in it was not in the run.
  return {
    ...known,
    degraded: degraded === 1,
    truncated: truncated === 1,
    files: JSON.parse(files),
    tries: JSON.parse(tries),
    skipped: JSON.parse(skipped),
  } as HarnessRunRecord;
}
