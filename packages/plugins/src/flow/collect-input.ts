import { canonicalJson, type JsonObject, type NewJob } from "@atlas/core";
import type { BatchOptions } from "../contract/batch.ts";
import { PluginError } from "../contract/errors.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import { readJobInput } from "../jobs/job-input.ts";
import { readKey } from "../jobs/read-key.ts";

/** An input on its way into a batch. */
export interface CollectedInput {
  readonly workflow_id: string;
  readonly batch: BatchOptions;
  /** The key of the batch; empty where the workflow has no keys. */
  readonly key: string;
  readonly input: JsonObject;
  /** What a job has beside its input. It counts for the input that begins a batch. */
  readonly job: Omit<NewJob, "id" | "workflow_id" | "input" | "run_at">;
}

const NO_KEY = "";

/** An input that its workflow's schema has accepted, with its key. Throws what `readJobInput` throws, and `ATLAS_PLUGINS_BATCH_KEY_INVALID`. */
export async function collectInput(
  workflow: Pick<WorkflowPlugin, "id" | "input">,
  batch: BatchOptions,
  given: JsonObject,
  job: CollectedInput["job"] = {},
): Promise<CollectedInput> {
  const workflow_id = workflow.id;
  // A copy: what the caller changes in its object later is not meant. Read back, canonical JSON has the shape that was written.
  const input = JSON.parse(canonicalJson(given)) as JsonObject;
  const key = keyOf(workflow_id, batch, await readJobInput(workflow, input));
  return { workflow_id, batch, key, input, job };
}

function keyOf(workflow_id: string, batch: BatchOptions, input: Record<string, unknown>): string {
  if (batch.key === undefined) return NO_KEY;
  const read = readKey((given: Record<string, unknown>) => batch.key?.(given), input);
  if ("key" in read) return read.key;
  throw keyInvalid(workflow_id, read.reason, read.cause);
}

function keyInvalid(workflow_id: string, reason: string, cause?: unknown): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_BATCH_KEY_INVALID",
    { workflow_id, field: "batch.key" },
    `The input for the workflow "${workflow_id}" was refused: batch.key must return a text of 1 to 255 bytes for it, but ${reason}. Correct the input or the function.`,
    { cause },
  );
}
