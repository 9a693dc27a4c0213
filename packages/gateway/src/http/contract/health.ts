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

const storeStatus = z.enum(["ok", "degraded", "failed", "stopped"]);

export const ready = defineRoute({
  id: "health.ready",
  method: "GET",
  path: "/ready",
  scope: "public",
  summary:
    "Says whether the gateway takes work: with 200 if it does, and with 503 while its database cannot be written.",
  answer: {
    status: 200,
    otherStatuses: [503],
    description: "The state of the store.",
    schema: z.object({ status: storeStatus, checks: z.object({ store: storeStatus }) }),
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
