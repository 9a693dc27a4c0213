import type { z } from "zod";
import type { JobRequest } from "../../jobs/job-request.ts";
import type { newJob } from "../contract/jobs.ts";

/** A job as the gateway takes it. */
export function toJobRequest(body: z.output<typeof newJob>): JobRequest {
  const { tenant, unique, ...job } = body;
  return {
    ...job,
    ...(tenant === undefined ? {} : { context: { tenant } }),
    ...(unique === undefined
      ? {}
      : { unique: "for_ms" in unique ? { key: unique.key, forMs: unique.for_ms } : unique }),
  };
}
