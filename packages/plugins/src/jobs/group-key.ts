import { PluginError } from "../contract/errors.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import { readKey } from "./read-key.ts";

/**
 * The key of a job whose input the workflow's schema made this of; nothing for a workflow without `perKey`. Throws
 * `ATLAS_PLUGINS_GROUP_KEY_INVALID` when the workflow's function throws or returns no such text.
 */
export function groupKeyOf(
  { id, perKey }: Pick<WorkflowPlugin, "id" | "perKey">,
  input: Record<string, unknown>,
): string | undefined {
  if (perKey === undefined) return undefined;
  const read = readKey((given: Record<string, unknown>) => perKey.key(given), input);
  if ("key" in read) return read.key;
  throw keyInvalid(id, read.reason, read.cause);
}

/** Says why a job gets no key. */
export function keyInvalid(workflow_id: string, reason: string, cause?: unknown): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_GROUP_KEY_INVALID",
    { workflow_id, field: "perKey.key" },
    `The job for the workflow "${workflow_id}" was refused: perKey.key must return a text of 1 to 255 bytes for its input, but ${reason}. Correct the input or the function, or create the job with a group_key.`,
    { cause },
  );
}
