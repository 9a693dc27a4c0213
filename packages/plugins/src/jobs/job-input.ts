import type { Admit, AnyCommand, CallContext, JsonObject, NewJob, Refusal } from "@atlas/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { inheritedContext } from "../calling/call-context.ts";
import { handled } from "../calling/handled.ts";
import { batchDoor, type OpeningBatches } from "../contract/batch.ts";
import { isPluginError, PluginError } from "../contract/errors.ts";
import type { PluginRegistry } from "../contract/registry.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";
import { groupKeyOf, keyInvalid } from "./group-key.ts";

const NO_BATCHES: OpeningBatches = new Set<string>();

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

/**
 * Checks the input of a job that is to be created, also where the schema answers later, and returns the job with its key. Throws what the
 * store would refuse it for.
 */
export async function checkedJob<Made extends Pick<NewJob, "input" | "group_key">>(
  workflow: JobMaker,
  job: Made,
): Promise<Made> {
  return withGroupKey(workflow, job, await readJobInput(workflow, job.input ?? {}));
}

/** What of a workflow makes its jobs. */
type JobMaker = Pick<WorkflowPlugin, "id" | "input" | "perKey">;

/**
 * An `admit` hook that refuses a `job.create` with an input that its workflow's schema does not accept, whoever sends it. A schema that
 * answers asynchronously cannot be asked here: `jobs.create`, `ctx.spawnJob` and the attempt itself check such an input.
 *
 * It adds the key of the job where the workflow has `perKey`, unless the job has one. It refuses every job of a workflow with `batch` that is
 * not in `opening` (default: none is), so that no batch is without its inputs. It also hands the context of the envelope down to the job, so
 * that a job belongs to what its creator belongs to, whoever sends it.
 */
export function createJobAdmission(
  registry: Pick<PluginRegistry, "workflows">,
  opening: OpeningBatches = NO_BATCHES,
): Admit {
  return (given, envelope) => {
    if (given.type !== "job.create") return given;
    const { job: asked } = given as NewJobCommand;
    const inheriting = withContext(asked, envelope.context);
    const command =
      inheriting === asked ? (given as NewJobCommand) : { ...(given as NewJobCommand), job: inheriting };
    const { id, workflow_id, input = {} } = inheriting;
    const workflow = registry.workflows.get(workflow_id);
    if (workflow === undefined) return command;
    if (workflow.batch !== undefined)
      return id !== undefined && opening.has(id)
        ? command
        : refusal(batchDoor(workflow_id, "a job.create command"));
    try {
      const read = readJobInput(workflow, input);
      if (!(read instanceof Promise)) {
        const job = withGroupKey(workflow, command.job, read);
        return job === command.job ? command : { ...command, job };
      }
      void handled(read);
      if (workflow.perKey === undefined || command.job.group_key !== undefined) return command;
      throw keyInvalid(
        workflow_id,
        "its schema answers later, which only jobs.create and ctx.spawnJob await",
      );
    } catch (error) {
      return refusal(error);
    }
  };
}

/** The job with the context that it inherits; what it says itself stays. */
export function withContext<Made extends Pick<NewJob, "context">>(
  job: Made,
  context: CallContext | undefined,
): Made {
  if (context === undefined) return job;
  const inherited = inheritedContext(context);
  const isThere = (field: string): boolean => Object.hasOwn(job.context ?? {}, field);
  if (Object.keys(inherited).every(isThere)) return job;
  return { ...job, context: { ...inherited, ...job.context } };
}

function withGroupKey<Made extends Pick<NewJob, "group_key">>(
  workflow: JobMaker,
  job: Made,
  read: Record<string, unknown>,
): Made {
  const group_key = job.group_key === undefined ? groupKeyOf(workflow, read) : undefined;
  return group_key === undefined ? job : { ...job, group_key };
}

/** A `job.create` that core's schema has checked. */
type NewJobCommand = AnyCommand & {
  readonly job: {
    readonly id?: string;
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
