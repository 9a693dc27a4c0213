import { canonicalJson, idText, type JsonObject, type NewJob } from "@atlas/core";
import { messageOf } from "../calling/failure.ts";
import { handled } from "../calling/handled.ts";
import type { BatchOptions } from "../contract/batch.ts";
import { PluginError } from "../contract/errors.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import { readJobInput } from "../jobs/job-input.ts";

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
  let key: unknown;
  try {
    key = batch.key(input);
  } catch (cause) {
    throw keyInvalid(workflow_id, `it threw "${messageOf(cause)}"`, cause);
  }
  // Nobody awaits it, so its failure would end the process.
  if (key instanceof Promise) void handled(key);
  const read = idText.safeParse(key);
  if (read.success) return read.data;
  const kind = key instanceof Promise ? "a promise" : key === null ? "null" : typeof key;
  throw keyInvalid(
    workflow_id,
    typeof key === "string" ? `its text ${read.error.issues[0]?.message}` : `it returned ${kind}`,
  );
}

function keyInvalid(workflow_id: string, reason: string, cause?: unknown): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_BATCH_KEY_INVALID",
    { workflow_id, field: "batch.key" },
    `The input for the workflow "${workflow_id}" was refused: batch.key must return a text of 1 to 255 bytes for it, but ${reason}. Correct the input or the function.`,
    { cause },
  );
}
