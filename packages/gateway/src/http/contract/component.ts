import { z } from "zod";

/** What the OpenAPI document says about a schema. One with an `id` stands under that name among the document's components. */
export interface SchemaNote {
  readonly id?: string;
  readonly description?: string;
  readonly type?: string;
  readonly format?: string;
  readonly examples?: readonly unknown[];
}

/** The notes of these contracts. Not zod's global registry: the host's own schemas may have the same names. */
export const schemaNotes = z.registry<SchemaNote>();

/** Gives a schema a name in the document. */
export function component<Schema extends z.ZodType>(id: string, description: string, schema: Schema): Schema {
  schemaNotes.add(schema, { id, description });
  return schema;
}

/** Says what a field means, where its name does not. */
export function described<Schema extends z.ZodType>(description: string, schema: Schema): Schema {
  schemaNotes.add(schema, { description });
  return schema;
}
