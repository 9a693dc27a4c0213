import type { JsonObject } from "@atlas/core";
import type { WorkflowPlugin } from "@atlas/plugins";
import { inputSchemaOf, type PluginRegistry } from "@atlas/plugins/runtime";

/** A workflow, for who creates jobs for it. */
export interface WorkflowInfo {
  readonly id: string;
  /** The version of its code. */
  readonly version: number;
  /** The JSON Schema of a job's input. Absent where the workflow has no schema, and where its schema cannot give one. */
  readonly inputSchema?: JsonObject;
  /** True where one job takes the inputs of many requests. */
  readonly isBatched: boolean;
  /** True where its code has a schedule. */
  readonly hasSchedule: boolean;
  /** The types of the domain events that it answers; absent where it answers none. */
  readonly on?: readonly string[];
  /** Since when it is paused; absent when it is not. */
  readonly pausedAt?: string;
}

/** The workflows of a gateway. */
export interface Workflows {
  list(): readonly WorkflowInfo[];
  /** Throws `ATLAS_PLUGINS_WORKFLOW_UNKNOWN` with the nearest id. */
  get(id: string): WorkflowInfo;
}

/** Describes the registered workflows. The schemas are read once, when they are first asked for. */
export function createWorkflows(
  registry: Pick<PluginRegistry, "workflow" | "workflows">,
  pausedAt: (id: string) => string | undefined,
): Workflows {
  const schemas = new Map<string, JsonObject | undefined>();

  return {
    list: () => [...registry.workflows.values()].map(describe),
    get: (id) => describe(registry.workflow(id)),
  };

  function describe(workflow: WorkflowPlugin): WorkflowInfo {
    const { id, version = 1, batch, schedule, on } = workflow;
    if (!schemas.has(id)) schemas.set(id, inputSchemaOf(workflow));
    const inputSchema = schemas.get(id);
    const since = pausedAt(id);
    return {
      id,
      version,
      ...(inputSchema === undefined ? {} : { inputSchema }),
      isBatched: batch !== undefined,
      hasSchedule: schedule !== undefined,
      ...(on === undefined
        ? {}
        : { on: [...new Set(on.map((entry) => (typeof entry === "string" ? entry : entry.type)))] }),
      ...(since === undefined ? {} : { pausedAt: since }),
    };
  }
}
