import { z } from "zod";
import { component, described } from "../component.ts";
import { json, jsonObject, storedTime } from "../fields.ts";

export const jobStatus = component(
  "JobStatus",
  "A job that waits or is retried later is `queued`.",
  z.enum(["queued", "running", "succeeded", "failed", "cancelled"]),
);

export const callContext = component(
  "CallContext",
  "Whom and what a piece of work belongs to.",
  z.object({
    actor: z.string().exactOptional(),
    correlation_id: z.string().exactOptional(),
    tenant: z.string().exactOptional(),
    job_id: z.string().exactOptional(),
    workflow_id: z.string().exactOptional(),
    attempt: z.int().exactOptional(),
  }),
);

export const job = component(
  "Job",
  "A stored job.",
  z.object({
    id: z.string(),
    workflow_id: z.string(),
    status: jobStatus,
    priority: z.int(),
    attempt: described("Attempts begun so far.", z.int()),
    max_attempts: z.int().exactOptional(),
    run_at: storedTime,
    input: jsonObject,
    error: jsonObject.exactOptional(),
    idempotency_key: z.string().exactOptional(),
    parent_id: z.string().exactOptional(),
    created_at: storedTime,
    started_at: storedTime.exactOptional(),
    finished_at: storedTime.exactOptional(),
    updated_at: storedTime,
    context: callContext.exactOptional(),
    deadline_at: storedTime.exactOptional(),
    created_seq: described("The `seq` of its `job.created` event.", z.int().exactOptional()),
    depth: described("Length of the chain of events that led to it.", z.int()),
    group_key: z.string().exactOptional(),
  }),
);

export const jobProgress = component(
  "JobProgress",
  "What a running job reported last.",
  z.object({
    done: z.number(),
    total: z.number().exactOptional(),
    message: z.string().exactOptional(),
  }),
);

export const jobDetails = component(
  "JobDetails",
  "A job with its result and its progress.",
  job.extend({
    result: described("What its workflow returned; absent unless it has succeeded.", json.exactOptional()),
    progress: jobProgress.exactOptional(),
  }),
);

export const jobReference = component(
  "JobReference",
  "A job that was created, or that counts as the same.",
  z.object({ id: z.string(), workflow_id: z.string() }),
);
