import { z } from "zod";
import { defineRoute } from "./route.ts";

export const healthLive = defineRoute({
  id: "health.live",
  method: "GET",
  path: "/health",
  scope: "public",
  summary: "Tells that the process answers.",
  answer: {
    status: 200,
    description: "The process answers.",
    schema: z.object({ status: z.literal("ok") }),
  },
});

export const healthReady = defineRoute({
  id: "health.ready",
  method: "GET",
  path: "/ready",
  scope: "public",
  summary: "Tells whether the gateway takes work.",
  answer: {
    status: 200,
    description: "The gateway takes work.",
    schema: z.object({
      status: z.enum(["ok", "degraded", "failed", "stopped"]),
      checks: z.object({ store: z.enum(["ok", "degraded", "failed", "stopped"]) }),
    }),
  },
  problems: [503],
});
