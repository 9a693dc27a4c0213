import type { Job, ReadOnlyRepo } from "@atlas/core";
import { isPluginError, PluginError } from "../contract/errors.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import type { PluginsModule } from "../module/plugins-module.ts";
import { readJobInput } from "./job-input.ts";

/**
 * What `run` of a workflow with `batch` gets: the outputs of its schema, in the order of the inputs. Throws `ATLAS_PLUGINS_INPUT_INVALID`
 * with the number of the first input that the schema refuses.
 */
export async function readBatchInputs(
  workflow: Pick<WorkflowPlugin, "id" | "input">,
  { id, input }: Pick<Job, "id" | "input">,
  repo: ReadOnlyRepo<PluginsModule>,
): Promise<readonly Record<string, unknown>[]> {
  const stored = await repo.plugins.listBatchInputs(id);
  // A job from before the workflow had `batch` is a batch of its one input.
  const inputs = stored.length === 0 ? [{ number: 1, input }] : stored;
  const outputs: Record<string, unknown>[] = [];
  for (const { number, input } of inputs) {
    try {
      outputs.push(await readJobInput(workflow, input));
    } catch (error) {
      if (!isPluginError(error, "ATLAS_PLUGINS_INPUT_INVALID")) throw error;
      throw new PluginError(
        "ATLAS_PLUGINS_INPUT_INVALID",
        { ...error.details, number },
        `Input ${number} of the batch "${id}": ${error.message}`,
        { cause: error },
      );
    }
  }
  return outputs;
}
