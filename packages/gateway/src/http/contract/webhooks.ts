import { z } from "zod";
import { defineRoute } from "./route.ts";

export const receiveWebhook = defineRoute({
  id: "webhooks.receive",
  method: "POST",
  path: "/webhooks/{source_id}",
  // Its signature stands for a token.
  scope: "public",
  summary:
    "Takes a signed delivery (Standard Webhooks) for a source, and answers once it is on disk. One that comes again changes nothing.",
  params: z.strictObject({ source_id: z.string().min(1) }),
  answer: {
    status: 202,
    description: "The delivery is on disk.",
    schema: z.object({
      id: z.string(),
      commands: z.int(),
      changed: z.int(),
    }),
  },
  problems: [404, 504],
});
