import type { JsonObject, JsonValue } from "@atlas/core";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { jsonSchemaOfInput } from "../../contract/json-schema.ts";
import { answerInvalid } from "./signals.ts";

/** The JSON Schema of the answers that a schema takes. */
export function jsonSchemaOf(name: string, schema: StandardSchemaV1): JsonObject {
  try {
    const given = jsonSchemaOfInput(schema);
    if (given !== undefined) return given;
  } catch (error) {
    throw noJsonSchema(name, error);
  }
  throw noJsonSchema(name, undefined);
}

/** The answer as the workflow sees it. Throws `ATLAS_PLUGINS_ANSWER_INVALID`. */
export async function readAnswer<Value>(
  of: { readonly id: string; readonly name: string },
  value: JsonValue,
  schema: StandardSchemaV1<unknown, Value> | undefined,
): Promise<Value> {
  // Without a schema, `Value` is what the author of the workflow says that it is.
  if (schema === undefined) return value as Value;
  const read = await schema["~standard"].validate(value);
  if (read.issues === undefined) return read.value;
  const [issue] = read.issues;
  const path = (issue?.path ?? [])
    .map((part) => String(typeof part === "object" ? part.key : part))
    .join(".");
  throw answerInvalid({ ...of, path, message: issue?.message ?? "" });
}

function noJsonSchema(name: string, cause: unknown): TypeError {
  return new TypeError(
    `ctx.wait("${name}"): the schema cannot give a JSON Schema, which jobs.signal checks answers with. Use a schema of JSON values only, such as z.object({ approved: z.boolean() }).`,
    { cause },
  );
}
