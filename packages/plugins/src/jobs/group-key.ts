import { idText } from "@atlas/core";
import { messageOf } from "../calling/failure.ts";
import { handled } from "../calling/handled.ts";
import { PluginError } from "../contract/errors.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";

/**
 * The key of a job whose input the workflow's schema made this of; nothing for a workflow without `perKey`. Throws
 * `ATLAS_PLUGINS_GROUP_KEY_INVALID` when the workflow's function throws or returns no such text.
 */
export function groupKeyOf(
  { id, perKey }: Pick<WorkflowPlugin, "id" | "perKey">,
  input: Record<string, unknown>,
): string | undefined {
  if (perKey === undefined) return undefined;
  let key: unknown;
  try {
    key = perKey.key(input);
  } catch (cause) {
    throw keyInvalid(id, `it threw "${messageOf(cause)}"`, cause);
  }
  // Nobody awaits it, so its failure would end the process.
  if (key instanceof Promise) void handled(key);
  const read = idText.safeParse(key);
  if (read.success) return read.data;
  throw keyInvalid(
    id,
    typeof key === "string" ? `its text ${read.error.issues[0]?.message}` : `it returned ${kindOf(key)}`,
  );
}

function kindOf(value: unknown): string {
  if (value instanceof Promise) return "a promise";
  return value === null ? "null" : typeof value;
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
