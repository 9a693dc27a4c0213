import type { JsonObject } from "@atlas/core";
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "@standard-schema/spec";

/** The JSON Schema of what a schema takes; nothing where it cannot give one. Throws what the schema throws. */
export function jsonSchemaOfInput(schema: StandardSchemaV1 | undefined): JsonObject | undefined {
  // What a schema adds to the standard is found at run time only.
  const standard = schema?.["~standard"] as
    | (StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props>)
    | undefined;
  const given = standard?.jsonSchema?.input({ target: "draft-2020-12" });
  // Without what JSON has no word for.
  return given === undefined ? undefined : (JSON.parse(JSON.stringify(given)) as JsonObject);
}
