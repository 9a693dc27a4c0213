import { z } from "zod";

/** Clients send `null` for what they leave out. */
export function optional<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** A JSON Schema is passed on as it is. */
export const jsonSchema = z.record(z.string(), z.unknown());

/** Tools have names of this form everywhere. */
export const toolName = z.string().min(1).max(256);

export const effort = z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]);

/** What every route that asks a model for text carries alike. */
export const sampling = {
  model: z.string().min(1),
  stream: optional(z.boolean()),
  temperature: optional(z.number()),
  top_p: optional(z.number()),
  parallel_tool_calls: optional(z.boolean()),
};
