import type { BatchOptions, WorkflowPlugin } from "@atlas/plugins";
import { batchDoor, type CollectedInput, collectInput } from "@atlas/plugins/runtime";
import type { JobRequest } from "./job-request.ts";

// What belongs to one job and its one input.
const OWN = [
  "id",
  "idempotency_key",
  "unique",
  "run_at",
  "parent_id",
  "created_at",
  "group_key",
] as const satisfies readonly (keyof JobRequest)[];

/** Checks a request for a workflow that collects its inputs. */
export async function toCollected(
  request: JobRequest,
  workflow: Pick<WorkflowPlugin, "id" | "input">,
  batch: BatchOptions,
): Promise<CollectedInput> {
  const own = OWN.find((name) => request[name] !== undefined);
  if (own !== undefined) throw batchDoor(workflow.id, `jobs.create with "${own}"`);
  const { workflow_id: _, input = {}, ...job } = request;
  return collectInput(workflow, batch, input, job);
}
