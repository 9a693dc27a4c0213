import { z } from "zod";
import { component, described } from "../component.ts";
import { json, jsonObject, storedTime } from "../fields.ts";

const amount = z.int().exactOptional();
const text = z.string().exactOptional();

const tries = z
  .array(
    z.object({
      candidate: z.string(),
      outcome: z.string(),
      waited_ms: z.int(),
      duration_ms: z.int(),
      message: text,
      code: text,
      status: amount,
      retry_after_ms: amount,
      repair: z.literal(true).exactOptional(),
      usage: z.record(z.string(), z.number()).exactOptional(),
    }),
  )
  .readonly();
const skipped = z.array(z.object({ candidate: z.string(), reason: z.string() })).readonly();

const evidence = {
  job_id: z.string(),
  attempt: z.int(),
  number: described("The number of the call within its attempt, from 1.", z.int()),
  at: storedTime,
  status: z.enum(["answered", "failed"]),
  profile: text,
  model: text,
  degraded: z.boolean(),
  input_tokens: amount,
  output_tokens: amount,
  cached_input_tokens: amount,
  reasoning_tokens: amount,
  duration_ms: z.int(),
  error_code: text,
  correlation_id: text,
  tries: described("Every attempt at a candidate, in order.", tries),
  skipped: described("The candidates that were skipped, and why.", skipped),
};

export const modelCall = component(
  "ModelCall",
  "A call of a job to a language model, with its route.",
  z.object({
    ...evidence,
    method: z.enum(["text", "stream", "object", "model", "model_stream"]),
    candidate: text,
    provider: text,
    cached: z.literal(true).exactOptional(),
  }),
);

export const agentRun = component(
  "AgentRun",
  "A task that a job gave to a coding agent, with its route.",
  z.object({
    ...evidence,
    mode: z.enum(["plan", "propose", "apply"]),
    harness: text,
    session_id: text,
    exit_code: amount,
    truncated: z.boolean(),
    cost_microusd: amount,
    goal: text,
    files: z
      .array(
        z.object({
          path: z.string(),
          change: z.enum(["added", "modified", "deleted", "renamed"]),
          from: text,
        }),
      )
      .readonly(),
  }),
);

export const jobStep = component(
  "JobStep",
  "A finished step of a job.",
  z.object({ name: z.string(), result: json.exactOptional(), attempt: amount }),
);

export const jobLogLine = component(
  "JobLogLine",
  "A line that a workflow logged.",
  z.object({
    attempt: z.int(),
    at: storedTime,
    level: z.enum(["debug", "info", "warn", "error"]),
    message: z.string(),
    fields: jsonObject.exactOptional(),
  }),
);

export const jobWait = component(
  "JobWait",
  "What a job waits for, or an answer that came before its wait.",
  z.object({
    job_id: z.string(),
    name: z.string(),
    kind: z.enum(["signal", "event", "jobs", "time"]),
    opened_at: text,
    deadline: text,
    info: jsonObject.exactOptional(),
    schema: described("The JSON Schema of an answer.", jsonObject.exactOptional()),
    filter: described(
      "The event that it waits for.",
      z
        .object({ type: z.string(), aggregate_id: z.string().optional(), payload: jsonObject.optional() })
        .exactOptional(),
    ),
    ids: described("The jobs that it waits for.", z.array(z.string()).readonly().exactOptional()),
    after_seq: amount,
    scanned_seq: amount,
    attempt: amount,
    answer: z
      .object({ value: json, by: z.string(), at: storedTime, order: z.int(), signal_id: text })
      .exactOptional(),
    closed_at: text,
  }),
);
