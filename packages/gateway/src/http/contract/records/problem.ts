import { z } from "zod";
import { component, described } from "../component.ts";

/** What every refusal answers with. */
export const problem = component(
  "Problem",
  "An error, as RFC 9457 describes it.",
  z.object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: described("One sentence: what failed, where, and what to do.", z.string()),
    code: described("The code of the error, to branch on.", z.string()),
    request_id: z.string(),
    errors: described(
      "What is wrong with each part of the request.",
      z
        .array(z.object({ path: z.string(), message: z.string() }))
        .readonly()
        .exactOptional(),
    ),
  }),
);

/** The same for clients of OpenAI's interface. */
export const openAIError = component(
  "OpenAIError",
  "An error, as clients of OpenAI's interface read it.",
  z.object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      code: z.string(),
      param: z.string().nullable(),
    }),
  }),
);
