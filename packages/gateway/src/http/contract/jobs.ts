import { z } from "zod";
import { defineRoute } from "./route.ts";

const job = z.looseObject({ id: z.string(), workflow_id: z.string(), status: z.string() });

export const jobsCreate = defineRoute({
  id: "jobs.create",
  method: "POST",
  path: "/jobs",
  scope: { group: "jobs", access: "write" },
  summary: "Creates a job.",
  body: z.strictObject({
    workflow_id: z.string(),
    input: z.record(z.string(), z.json()).exactOptional(),
  }),
  answer: {
    status: 201,
    description: "The job is on disk.",
    schema: z.object({ id: z.string(), workflow_id: z.string() }),
    location: "/jobs/{id}",
  },
  problems: [404, 409],
  idempotent: true,
});

export const jobsGet = defineRoute({
  id: "jobs.get",
  method: "GET",
  path: "/jobs/{id}",
  scope: { group: "jobs", access: "read" },
  summary: "Reads a job.",
  params: z.object({ id: z.string() }),
  answer: { status: 200, description: "The job, with its result once it has succeeded.", schema: job },
  problems: [404],
});
