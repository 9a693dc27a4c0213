import { z } from "zod";
import { optional } from "./fields.ts";
import type { OtherFields } from "./known-fields.ts";

const carried = {
  model: z.string().min(1),
  input: z.union([z.string(), z.array(z.string()).min(1).max(2_048)], {
    error: "must be a text or a list of 1 to 2,048 texts. Tokens are those of one model; send texts.",
  }),
  dimensions: optional(z.int().min(1)),
  encoding_format: optional(z.enum(["float", "base64"])),
};

/** The body of `POST /v1/embeddings`. */
export const embeddingsRequest = z.looseObject(carried);

/** What a request for embeddings can have beside what is carried. */
export const embeddingsFields: OtherFields & { readonly carried: readonly string[] } = {
  carried: Object.keys(carried),
  ignored: ["user"],
  refused: {},
};
