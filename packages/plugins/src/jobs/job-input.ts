import type { Admit, AnyCommand, CallContext, JsonObject, Refusal } from "@atlas/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { inheritedContext } from "../calling/call-context.ts";
import { isPluginError, PluginError } from "../contract/errors.ts";
import type { PluginRegistry } from "../contract/registry.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import { groupKeyOf } from "./group-key.ts";

/** The output of a workflow's schema for a job's input. Throws `ATLAS_PLUGINS_INPUT_INVALID` with the schema's message. */
export function readJobInput(
  workflow: Pick<WorkflowPlugin, "id" | "input">,
  input: JsonObject,
): Record<string, unknown> | Promise<Record<string, unknown>> {
  const schema = workflow.input;
  // Without a schema, `run` takes any object.
  if (schema === undefined) return input as Record<string, unknown>;
  const result = schema["~standard"].validate(input);
  return result instanceof Promise
    ? result.then((late) => outputOf(workflow, late))
    : outputOf(workflow, result);
}

function outputOf(
  { id }: Pick<WorkflowPlugin, "id">,
  result: StandardSchemaV1.Result<unknown>,
): Record<string, unknown> {
  // What a schema gives is what `run` was typed with.
  if (result.issues === undefined) return result.value as Record<string, unknown>;
  const [issue] = result.issues;
  const path = pathOf(issue?.path ?? []);
  throw new PluginError(
    "ATLAS_PLUGINS_INPUT_INVALID",
    { workflow_id: id, path },
    `The input of a job for the workflow "${id}" is invalid${path === "" ? "" : ` at "${path}"`}: ${issue?.message ?? "its schema gives no reason"}`,
  );
}

function pathOf(path: NonNullable<StandardSchemaV1.Issue["path"]>): string {
  return path
    .map((part) => String(typeof part === "object" ? part.key : part))
    .join(".")
    .slice(0, 255);
}

/** Throws what the store would refuse a job of the workflow with this input for, also where its schema answers later. */
export async function checkJobInput(workflow: WorkflowPlugin, input: JsonObject): Promise<void> {
  await readJobInput(workflow, input);
  groupKeyOf(workflow, input);
}

/**
 * An `admit` hook that refuses a `job.create` with an input that its workflow's schema does not accept, whoever sends it. A schema that
 * answers asynchronously cannot be asked here: `jobs.create`, `ctx.spawnJob` and the attempt itself check such an input.
 *
 * It adds the key of the job where the workflow has `perKey`, unless the job says its own. It also hands the context of the envelope down to the job, so that a job belongs to what its creator belongs to, whoever sends it.
 */
export function createJobAdmission(registry: Pick<PluginRegistry, "workflows">): Admit {
  return (given, envelope) => {
    if (given.type !== "job.create") return given;
    const command = withContext(given as NewJobCommand, envelope.context);
    const { workflow_id, input = {} } = command.job;
    const workflow = registry.workflows.get(workflow_id);
    if (workflow === undefined) return command;
    try {
      const read = readJobInput(workflow, input);
      if (read instanceof Promise) read.catch(() => undefined);
      return withGroupKey(command, workflow);
    } catch (error) {
      return refusal(error);
    }
  };
}

/** The command with a job that inherits the context; what the job says itself stays. */
function withContext(command: NewJobCommand, context: CallContext | undefined): NewJobCommand {
  if (context === undefined) return command;
  const inherited = inheritedContext(context);
  const { job } = command;
  const isThere = (field: string): boolean => Object.hasOwn(job.context ?? {}, field);
  if (Object.keys(inherited).every(isThere)) return command;
  return { ...command, job: { ...job, context: { ...inherited, ...job.context } } };
}

function withGroupKey(command: NewJobCommand, workflow: WorkflowPlugin): NewJobCommand {
  const { job } = command;
  if (workflow.perKey === undefined || job.group_key !== undefined) return command;
  const group_key = groupKeyOf(workflow, job.input ?? {});
  return group_key === undefined ? command : { ...command, job: { ...job, group_key } };
}

/** A `job.create` that core's schema has checked. */
type NewJobCommand = AnyCommand & {
  readonly job: {
    readonly workflow_id: string;
    readonly input?: JsonObject;
    readonly context?: CallContext;
    readonly group_key?: string;
  };
};

function refusal(error: unknown): Refusal {
  if (isPluginError(error)) return { refuse: error.code, message: error.message, details: error.details };
  throw error;
}
