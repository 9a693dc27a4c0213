import type { JsonObject } from "@atlas/core";
import { idText } from "@atlas/core";
import { messageOf } from "../calling/failure.ts";
import { PluginError } from "../contract/errors.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";

/**
 * The key of a job with this input; nothing for a workflow without `perKey`. Throws `ATLAS_PLUGINS_GROUP_KEY_INVALID` when the workflow's
 * function throws or returns no such text.
 */
export function groupKeyOf(
  { id, perKey }: Pick<WorkflowPlugin, "id" | "perKey">,
  input: JsonObject,
): string | undefined {
  if (perKey === undefined) return undefined;
  let key: unknown;
  try {
    key = perKey.key(input);
  } catch (cause) {
    throw invalid(id, `it threw "${messageOf(cause)}"`, cause);
  }
  const read = idText.safeParse(key);
  if (read.success) return read.data;
  throw invalid(
    id,
    typeof key === "string" ? `its text ${read.error.issues[0]?.message}` : `it returned ${kindOf(key)}`,
  );
}

function kindOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}

function invalid(id: string, reason: string, cause?: unknown): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_GROUP_KEY_INVALID",
    { workflow_id: id },
    `The job for the workflow "${id}" was refused: perKey.key must return a text of 1 to 255 bytes for its input, but ${reason}. Correct the input, or the function.`,
    { cause },
  );
}
