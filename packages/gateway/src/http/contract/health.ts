import { z } from "zod";
import { defineRoute } from "./route.ts";

export const live = defineRoute({
  id: "health.live",
  method: "GET",
  path: "/health",
  scope: "public",
  summary: "Answers while the process lives.",
  answer: { status: 200, description: "It lives.", schema: z.object({ status: z.literal("ok") }) },
});

export const ready = defineRoute({
  id: "health.ready",
  method: "GET",
  path: "/ready",
  scope: "public",
  summary: "Says whether the gateway can take work: its database can be written, and no extension failed.",
  answer: {
    status: 200,
    description: "It can.",
    schema: z.object({
      status: z.enum(["ready", "not_ready"]),
      checks: z.array(z.object({ name: z.string(), status: z.string() })).readonly(),
    }),
  },
});

export const openApi = defineRoute({
  id: "openapi",
  method: "GET",
  path: "/openapi.json",
  scope: "public",
  summary: "Gives this document.",
  answer: {
    status: 200,
    description: "An OpenAPI 3.1 document.",
    schema: z.looseObject({ openapi: z.string() }),
  },
});
