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
