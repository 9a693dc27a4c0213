import { z } from "zod";
import type { RouteContract } from "../contract/route.ts";
import type { SchemaObject, SchemaWriter } from "./schemas.ts";

/** A parameter of an operation. */
export interface ParameterObject {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description?: string;
  readonly schema: SchemaObject;
  readonly style?: "form";
  readonly explode?: false;
}

const IDEMPOTENCY_KEY: ParameterObject = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "The same key with the same request gives the first answer again, for 24 hours.",
  schema: { type: "string", minLength: 1, maxLength: 255, pattern: "^[!-~]+$" },
};

const LAST_EVENT_ID: ParameterObject = {
  name: "Last-Event-ID",
  in: "header",
  required: false,
  description: "The `id` of the last event that the client has, where it resumes. Goes before `after`.",
  schema: { type: "string", pattern: "^[0-9]{1,16}$" },
};

/** What an operation takes beside its body. */
export function parametersOf(contract: RouteContract, writer: SchemaWriter): readonly ParameterObject[] {
  const { path, query, params, idempotent, id } = contract;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(
    ([, name = ""]): ParameterObject => ({
      name,
      in: "path",
      required: true,
      schema: fieldsOf(params)[name] === undefined ? { type: "string" } : writer.write(field(params, name)),
    }),
  );
  const inQuery = Object.entries(fieldsOf(query)).map(([name, schema]): ParameterObject => {
    const { description, ...written } = writer.write(schema, "output");
    return {
      name,
      in: "query",
      required: !schema.safeParse(undefined).success && !(schema instanceof z.ZodExactOptional),
      ...(description === undefined ? {} : { description }),
      schema: written,
      ...(written.type === "array" ? { style: "form", explode: false } : {}),
    };
  });
  return [
    ...inPath,
    ...inQuery,
    ...(idempotent === true ? [IDEMPOTENCY_KEY] : []),
    ...(id === "domainEvents.follow" ? [LAST_EVENT_ID] : []),
  ];
}

function fieldsOf(schema: z.ZodType | undefined): Readonly<Record<string, z.ZodType>> {
  return schema instanceof z.ZodObject ? (schema.shape as Record<string, z.ZodType>) : {};
}

function field(schema: z.ZodType | undefined, name: string): z.ZodType {
  return fieldsOf(schema)[name] ?? z.string();
}
