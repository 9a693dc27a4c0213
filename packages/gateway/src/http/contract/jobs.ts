import { z } from "zod";
import { component, described } from "./component.ts";
import {
  givenTime,
  idParams,
  json,
  jsonObject,
  nameText,
  order,
  pageOf,
  pageQuery,
  wholeNumber,
} from "./fields.ts";
import { job, jobDetails, jobReference, jobStatus } from "./records/job.ts";
import { defineRoute } from "./route.ts";

const read = { group: "jobs", access: "read" } as const;
const write = { group: "jobs", access: "write" } as const;

// A unit takes 1,000 commands: two for a job with a key, and one for the answer that is kept.
const MOST_JOBS = 499;
const TEN_YEARS_MS = 10 * 365 * 24 * 60 * 60 * 1_000;

const unique = described(
  'Creates no job while another counts as the same: `{ key, while: "active" }` or `{ key, for_ms }`.',
  z.union([
    z.strictObject({ key: nameText, while: z.literal("active") }),
    z.strictObject({ key: nameText, for_ms: z.int().min(1).max(TEN_YEARS_MS) }),
  ]),
);

export const newJob = component(
  "NewJob",
  "A job to be created.",
  z
    .strictObject({
      workflow_id: nameText,
      id: described("An id of your own. Default: a new one.", nameText.exactOptional()),
      input: described(
        "What the workflow's schema takes. Default: an empty object.",
        jsonObject.exactOptional(),
      ),
      priority: z.int().min(-1_000_000).max(1_000_000).exactOptional(),
      run_at: described("Not before this time. Default: now.", givenTime.exactOptional()),
      deadline_at: described("When it must have ended, over all attempts.", givenTime.exactOptional()),
      max_attempts: z.int().min(1).max(1_000).exactOptional(),
      idempotency_key: described(
        "One job per key and workflow until it is pruned.",
        nameText.exactOptional(),
      ),
      unique: unique.exactOptional(),
      parent_id: nameText.exactOptional(),
      group_key: described("Whose job it is, such as a tenant.", nameText.exactOptional()),
      tenant: described("Kept in the job's context.", nameText.exactOptional()),
    })
    .refine(({ idempotency_key, unique }) => idempotency_key === undefined || unique === undefined, {
      path: ["unique"],
      message: "cannot be combined with idempotency_key; keep the one that you need",
    }),
);

export const createJob = defineRoute({
  id: "jobs.create",
  method: "POST",
  path: "/jobs",
  scope: write,
  summary: "Creates a job, and answers once it is on disk.",
  body: newJob,
  answer: {
    status: 201,
    description: "The job, or the one that counts as the same.",
    schema: jobReference,
    location: "/jobs/{id}",
  },
  problems: [404, 409, 422],
  idempotent: true,
});

export const createJobs = defineRoute({
  id: "jobs.createMany",
  method: "POST",
  path: "/jobs/batch",
  scope: write,
  summary: "Creates up to 499 jobs, all or none.",
  body: z.strictObject({ jobs: z.array(newJob).min(1).max(MOST_JOBS) }),
  answer: {
    status: 201,
    description: "One job for each request, in the same order.",
    schema: z.object({ jobs: z.array(jobReference).readonly() }),
  },
  problems: [404, 409, 422],
  idempotent: true,
  maxBodyBytes: 8 * 1024 * 1024,
});

export const listJobs = defineRoute({
  id: "jobs.list",
  method: "GET",
  path: "/jobs",
  scope: read,
  summary: "Lists jobs by id. Ids that Atlas made are in the order of creation.",
  query: z.strictObject({
    status: jobStatus.exactOptional(),
    workflow_id: nameText.exactOptional(),
    parent_id: nameText.exactOptional(),
    order,
    ...pageQuery,
  }),
  answer: { status: 200, description: "A page of jobs.", schema: pageOf(job) },
});

export const getJob = defineRoute({
  id: "jobs.get",
  method: "GET",
  path: "/jobs/{id}",
  scope: read,
  summary: "Gives a job with its result and its progress.",
  params: idParams,
  answer: { status: 200, description: "The job.", schema: jobDetails },
  problems: [404],
});

export const waitForJob = defineRoute({
  id: "jobs.wait",
  method: "GET",
  path: "/jobs/{id}/wait",
  scope: read,
  summary: "Waits until a job has ended, or the time is over, and gives the job as it is then.",
  params: idParams,
  query: z.strictObject({
    timeout_ms: described("Default: 30,000.", wholeNumber({ min: 0, max: 60_000 }).exactOptional()),
  }),
  answer: { status: 200, description: "The job; look at its `status`.", schema: jobDetails },
  problems: [404],
});

const withChildren = z.strictObject({
  children: described("False leaves its children as they are. Default: true.", z.boolean().exactOptional()),
});

export const cancelJob = defineRoute({
  id: "jobs.cancel",
  method: "POST",
  path: "/jobs/{id}/cancel",
  scope: write,
  summary: "Cancels a job with its children. A job that has ended stays as it is.",
  params: idParams,
  body: withChildren,
  answer: { status: 200, description: "The job. A running one ends soon after.", schema: job },
  problems: [404],
  idempotent: true,
});

export const redriveJob = defineRoute({
  id: "jobs.redrive",
  method: "POST",
  path: "/jobs/{id}/redrive",
  scope: write,
  summary: "Queues a failed or cancelled job again, with all its attempts.",
  params: idParams,
  body: withChildren,
  answer: { status: 200, description: "The job.", schema: job },
  problems: [404, 409],
  idempotent: true,
});

export const promoteJob = defineRoute({
  id: "jobs.promote",
  method: "POST",
  path: "/jobs/{id}/promote",
  scope: write,
  summary: "Lets a delayed job run now.",
  params: idParams,
  body: z.strictObject({}),
  answer: { status: 200, description: "The job.", schema: job },
  problems: [404, 409],
  idempotent: true,
});

export const signalJob = defineRoute({
  id: "jobs.signal",
  method: "POST",
  path: "/jobs/{id}/signals",
  scope: write,
  summary: "Answers what a job waits for.",
  params: idParams,
  body: z.strictObject({
    name: described("The name of the wait.", nameText.regex(/^[^$]/, 'must not begin with "$"')),
    value: described("Any JSON of at most 64 KiB.", json.clone()),
    signal_id: described("The same id gives the same result again.", nameText.exactOptional()),
  }),
  answer: {
    status: 200,
    description: "What became of it.",
    schema: z.object({ result: z.enum(["delivered", "buffered", "already_received", "closed"]) }),
  },
  problems: [404, 422],
  idempotent: true,
});

export const followJob = defineRoute({
  id: "jobs.follow",
  method: "GET",
  path: "/jobs/{id}/events",
  scope: read,
  summary: "Streams what happens to a job: `status`, `progress`, and `end` with its result.",
  params: idParams,
  answer: { status: 200, description: "Server-sent events.", type: "text/event-stream" },
  problems: [404],
});
