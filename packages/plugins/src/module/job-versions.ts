import { type CoreTables, defineCommand, excluded, idText, query, type Read } from "@atlas/core";
import { lazySchema, lazyStatement } from "@atlas/core/internal";
import { z } from "zod";
import { FIRST_VERSION } from "../contract/version.ts";
import { forgetWaits, forgiveAttempts } from "./job-commands.ts";
import type { PluginsTables } from "./tables.ts";

interface JobKey {
  job_id: string;
}

const keepVersion = lazyStatement<PluginsTables, PluginsTables["plugins_job_versions"]>((db, p) =>
  db
    .insertInto("plugins_job_versions")
    .values(p.columns(["job_id", "version"]))
    .onConflict((conflict) => conflict.column("job_id").doUpdateSet((row) => excluded(row, ["version"]))),
);

const forgetTables = ["plugins_job_steps", "plugins_job_progress"] as const;
const forget = forgetTables.map((table) =>
  lazyStatement<PluginsTables, JobKey>((db, p) => db.deleteFrom(table).where("job_id", "=", p.job_id)),
);

// An artifact of the same number is replaced, whatever its type: the earlier ones are of the code before.
const releaseArtifacts = lazyStatement<PluginsTables, JobKey>((db, p) =>
  db
    .updateTable("plugins_job_calls")
    .set({ digest: null })
    .where("job_id", "=", p.job_id)
    .where("kind", "=", "artifact"),
);

const selectVersion = query<PluginsTables & CoreTables, JobKey>()((db, p) =>
  db
    .selectFrom("jobs")
    .leftJoin("plugins_job_versions as begun", "begun.job_id", "jobs.id")
    .select(["jobs.attempt", "begun.version"])
    .where("jobs.id", "=", p.job_id),
);

const command = defineCommand<PluginsTables>();
const version = z.int().min(0);

/** Stores the version under which a job begins; 0 when it was claimed and did not begin. */
export const jobVersion = command({
  schema: lazySchema(() => z.object({ job_id: idText, version })),
  apply: (begun, change) => change.run(keepVersion, begun),
});

/**
 * Lets a job begin again in this run, under this version: without the results of its steps, its waits and its earlier attempts. Answers of
 * signals stay, since they came from outside; so do the notes of what it has made, so that it is not made twice.
 */
export const jobRestart = command({
  schema: lazySchema(() => z.object({ job_id: idText, attempt: z.int().min(1), version })),
  apply: ({ job_id, attempt, version }, change) => {
    for (const one of [...forget, forgetWaits, releaseArtifacts]) change.run(one, { job_id });
    change.run(forgiveAttempts, { job_id, attempt: attempt - 1 });
    change.run(keepVersion, { job_id, version });
  },
});

/** Queries on the versions of jobs. */
export function jobVersions(read: Read<PluginsTables & CoreTables>) {
  return {
    /** The version of its workflow under which a job began; nothing before it has begun. */
    async getJobVersion(job_id: string): Promise<number | undefined> {
      const row = await read.get(selectVersion, { job_id });
      if (row === undefined || row.attempt === 0 || row.version === 0) return undefined;
      return row.version ?? FIRST_VERSION;
    },
  };
}
