import { z } from "zod";
import { component, described } from "./component.ts";
import { givenTime, storedTime } from "./fields.ts";
import { defineRoute } from "./route.ts";

const write = { group: "operations", access: "write" } as const;

const backup = component(
  "Backup",
  "A copy of the database that was read back and compared.",
  z.object({
    name: described("The name of its file in the folder that the host configured.", z.string()),
    size_bytes: z.int(),
    made_at: storedTime,
    last_seq: described("The last command that it holds.", z.int()),
    digest: z.string(),
  }),
);

export const makeBackup = defineRoute({
  id: "maintenance.backup",
  method: "POST",
  path: "/maintenance/backups",
  scope: write,
  summary: "Copies the database into the host's folder for backups, reads the copy back and compares it.",
  body: z.strictObject({}),
  answer: { status: 201, description: "The backup.", schema: backup },
  problems: [409],
  idempotent: true,
});

const pruned = z.enum([
  "domain_events",
  "jobs",
  "artifacts",
  "events",
  "entities",
  "refused_commands",
  "journal",
]);
const size = z.object({
  file_bytes: z.int(),
  free_bytes: described("The unused part of the file, which is used again before it grows.", z.int()),
  rows: z.record(z.string(), z.int()),
});

const policy = component(
  "PrunePolicy",
  "What to remove. Absent fields remove nothing.",
  z.strictObject({
    domain_events_before: givenTime.exactOptional(),
    jobs_before: givenTime.exactOptional(),
    artifacts_before: givenTime.exactOptional(),
    events_before: givenTime.exactOptional(),
    deleted_entities_before: givenTime.exactOptional(),
    refused_before: givenTime.exactOptional(),
    journal_before: givenTime.exactOptional(),
    llm: described(
      "The cache of answers.",
      z.strictObject({ cache_before: givenTime.exactOptional() }).exactOptional(),
    ),
  }),
);

export const prune = defineRoute({
  id: "maintenance.prune",
  method: "POST",
  path: "/maintenance/prune",
  scope: write,
  summary:
    "Removes old rows in many small commands. What is not delivered, not finished or referred to is kept.",
  body: policy,
  answer: {
    status: 200,
    description: "The sizes before and after.",
    schema: z.object({ before: size, after: size, kept_for_sinks: z.array(pruned).readonly() }),
  },
  idempotent: true,
});

export const verify = defineRoute({
  id: "maintenance.verify",
  method: "POST",
  path: "/maintenance/verify",
  scope: write,
  summary: "Replays the journal and compares the result with the database.",
  body: z.strictObject({}),
  answer: {
    status: 200,
    description: "What it found.",
    schema: z.object({
      status: z.enum(["verified", "diverged"]),
      first_seq: z.int(),
      last_seq: z.int(),
      commands: z.int().exactOptional(),
      digest: z.string().exactOptional(),
      tables: z.array(z.string()).readonly().exactOptional(),
      message: z.string().exactOptional(),
    }),
  },
  problems: [409],
});
