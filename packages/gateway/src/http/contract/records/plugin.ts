import { z } from "zod";
import { component, described } from "../component.ts";
import { jsonObject, nameText, storedTime } from "../fields.ts";

const text = z.string().exactOptional();

export const workflow = component(
  "Workflow",
  "A workflow that jobs can be created for.",
  z.object({
    id: z.string(),
    version: z.int(),
    input_schema: described(
      "The JSON Schema of a job's input; absent where the workflow has none, or its schema cannot say it.",
      jsonObject.exactOptional(),
    ),
    is_batched: described("True where one job takes the inputs of many requests.", z.boolean()),
    has_schedule: z.boolean(),
    on: described(
      "The types of the domain events that it answers.",
      z.array(z.string()).readonly().exactOptional(),
    ),
    paused_at: described("Since when it is paused; absent when it is not.", z.string().exactOptional()),
  }),
);

export const source = component(
  "Source",
  "A source, and how its syncs went.",
  z.object({
    id: z.string(),
    status: z.enum(["ok", "failing", "hanging"]),
    syncing: z.boolean(),
    failures: described("Failed syncs in a row.", z.int()),
    refused: z.int(),
    error: text,
    last_synced_at: text,
    next_at: text,
    paused_at: text,
  }),
);

export const sourceSync = component(
  "SourceSync",
  "What the sync of one source did.",
  z.object({
    id: z.string(),
    commands: z.int(),
    changed: z.int(),
    unchanged: z.int(),
    refused: z.int(),
    checkpoints: z.int(),
  }),
);

export const sourceCheck = component(
  "SourceCheck",
  "Whether a sync of a source could work.",
  z.object({ id: z.string(), status: z.enum(["ok", "failed", "unchecked"]), error: text }),
);

const sinkHealth = {
  id: z.string(),
  status: z.enum(["ok", "failing"]),
  event_seq: described("The number of the last event that it has passed.", z.int()),
  failures: described("Failed calls in a row.", z.int()),
  error: text,
  paused_at: text,
};

export const sinkState = component("SinkState", "A sink, and how its deliveries went.", z.object(sinkHealth));

export const sink = component(
  "Sink",
  "A sink, how its deliveries went, and how far it is behind.",
  z.object({
    ...sinkHealth,
    lag_events: z.int(),
    lag_ms: z.number(),
    retrying_events: z.int(),
    dead_events: described("Its dead letters.", z.int()),
  }),
);

export const deadLetter = component(
  "DeadLetter",
  "An event that a sink has given up, until it is redriven or dismissed.",
  z.object({
    sink_id: z.string(),
    event_id: z.string(),
    event_seq: z.int(),
    event_type: text,
    aggregate_id: text,
    attempts: z.int(),
    error: jsonObject,
    updated_at: storedTime,
  }),
);

const scheduleTimes = {
  every_ms: z.int().exactOptional(),
  cron: text,
  time_zone: text,
  on_missed: z.enum(["skip", "once", "all"]).exactOptional(),
  overlap: z.enum(["skip", "queue"]).exactOptional(),
  jitter_ms: z.int().min(0).exactOptional(),
};

export const schedule = component(
  "Schedule",
  "A schedule of a workflow, and where it stands.",
  z.object({
    id: z.string(),
    workflow_id: z.string(),
    origin: described("`code`: the workflow's own. `api`: made at run time.", z.enum(["code", "api"])),
    ...scheduleTimes,
    input: jsonObject,
    next_at: text,
    runs: z.int(),
    last_job_id: text,
    problem: text,
  }),
);

export const scheduleBody = component(
  "NewSchedule",
  "A schedule: either `every_ms` or `cron`.",
  z.strictObject({
    workflow_id: nameText,
    ...scheduleTimes,
    input: jsonObject.exactOptional(),
  }),
);
