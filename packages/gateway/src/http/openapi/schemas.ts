import { z } from "zod";
import { schemaNotes } from "../contract/component.ts";

/** JSON Schema, as OpenAPI 3.1 takes it. */
export type SchemaObject = z.core.JSONSchema.BaseSchema;

/** Turns the schemas of contracts into JSON Schema, and gathers those with names. */
export interface SchemaWriter {
  /** A schema, or a reference to it. `output` is what a query's text becomes; everything else is JSON already. */
  write(schema: z.ZodType, io?: "input" | "output"): SchemaObject;
  /** Every schema with a name that was written so far. */
  readonly components: Readonly<Record<string, SchemaObject>>;
}

const DEFINITIONS = "#/$defs/";
const COMPONENTS = "#/components/schemas/";

/** A writer without a schema. */
export function createSchemaWriter(): SchemaWriter {
  const components: Record<string, SchemaObject> = {};

  return {
    write(schema, io = "input") {
      const {
        $schema: _,
        $defs = {},
        ...written
      } = z.toJSONSchema(schema, {
        metadata: schemaNotes,
        // Any JSON has no schema of its own.
        unrepresentable: "any",
        io,
        override: ({ jsonSchema }) => {
          // Every answer is read-only; the word would say that requests must not have it.
          delete jsonSchema.readOnly;
        },
      });
      for (const [name, definition] of Object.entries($defs)) components[name] ??= withReferences(definition);
      const name = schemaNotes.get(schema)?.id;
      if (name === undefined) return withReferences(written);
      components[name] ??= withReferences(written);
      return { $ref: `${COMPONENTS}${name}` };
    },
    components,
  };
}

/** The same schema with references into the document. */
function withReferences(schema: SchemaObject): SchemaObject {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) =>
      key === "$ref" && typeof value === "string" ? value.replace(DEFINITIONS, COMPONENTS) : value,
    ),
  ) as SchemaObject;
}
