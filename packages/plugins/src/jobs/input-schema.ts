import type { JsonObject } from "@atlas/core";
import { jsonSchemaOfInput } from "../contract/json-schema.ts";
import type { WorkflowPlugin } from "../contract/workflow.ts";

/** The JSON Schema of a job's input; nothing where the workflow has no schema, or one that cannot be written as JSON Schema. */
export function inputSchemaOf({ input }: Pick<WorkflowPlugin, "input">): JsonObject | undefined {
  try {
    return jsonSchemaOfInput(input);
  } catch {
    // A schema of dates or functions works for jobs that the host creates, and has no JSON Schema.
    return undefined;
  }
}
