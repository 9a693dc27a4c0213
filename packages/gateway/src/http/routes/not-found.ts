import { CoreError } from "@atlas/core";
import { PluginError } from "@atlas/plugins";

/** What was found. Throws `ATLAS_CORE_NOT_FOUND` where that is nothing. */
export function foundRecord<Found>(kind: string, id: string, found: Found | undefined): Found {
  if (found !== undefined) return found;
  throw new CoreError("ATLAS_CORE_NOT_FOUND", { id }, `There is no ${kind} "${id}".`);
}

/** The job that was found. Throws `ATLAS_PLUGINS_JOB_NOT_FOUND` where there is none. */
export function foundJob<Found>(id: string, found: Found | undefined): Found {
  if (found !== undefined) return found;
  throw new PluginError(
    "ATLAS_PLUGINS_JOB_NOT_FOUND",
    { id },
    `There is no job "${id}". Check the id; the job may have been pruned.`,
  );
}
