import { z } from "zod";
import { component, described } from "./component.ts";
import { nameText, pageOf, pageQuery } from "./fields.ts";
import { modelCall } from "./records/evidence.ts";
import { defineRoute } from "./route.ts";

const read = { group: "models", access: "read" } as const;

const routePlan = component(
  "RoutePlan",
  "The candidates of a profile in the order in which they would be asked now.",
  z.object({
    profile: z.string(),
    candidates: z
      .array(
        z.object({
          candidate: z.string(),
          from: z.enum(["profile", "default_profile", "fallback"]),
          state: z.enum(["ready", "skipped"]),
          reason: z.string().exactOptional(),
          model: z.string().exactOptional(),
          latency_ms: z.number().exactOptional(),
        }),
      )
      .readonly(),
  }),
);

export const explainRoute = defineRoute({
  id: "models.explain",
  method: "GET",
  path: "/models/explain",
  scope: read,
  summary: "Says which models a call would ask now, in which order, and why it would skip the others.",
  query: z.strictObject({
    profile: described("Default: the default profile.", nameText.exactOptional()),
  }),
  answer: { status: 200, description: "The route.", schema: routePlan },
  problems: [404, 409],
});

export const listCalls = defineRoute({
  id: "calls.list",
  method: "GET",
  path: "/calls",
  scope: read,
  summary: "Lists the calls of all jobs to language models, the newest first, with their routes.",
  query: z.strictObject(pageQuery),
  answer: { status: 200, description: "A page of calls.", schema: pageOf(modelCall) },
});
