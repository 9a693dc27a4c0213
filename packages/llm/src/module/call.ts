import { idText, timeText } from "@atlas/core";
import { z } from "zod";

const text = z.string().max(1_000);
const count = z.int().min(0);

/** What the command that stores a call accepts. */
export const callSchema = () =>
  z.object({
    job_id: idText,
    /** The attempt of the job, and the call within that attempt. Both count from 1. */
    attempt: z.int().min(1),
    number: z.int().min(1),
    /** When the call ended. */
    at: timeText,
    method: z.enum(["text", "stream", "object", "model", "model_stream"]),
    status: z.enum(["answered", "failed"]),
    profile: text.exactOptional(),
    /** The name of the candidate that answered. */
    candidate: text.exactOptional(),
    provider: text.exactOptional(),
    model: text.exactOptional(),
    /** True where the mock answered in place of a configured model. */
    degraded: z.boolean(),
    /** A cache gave the answer, and no model was asked. */
    cached: z.literal(true).exactOptional(),
    input_tokens: count.exactOptional(),
    output_tokens: count.exactOptional(),
    /** The part of `input_tokens` that came from the provider's cache. */
    cached_input_tokens: count.exactOptional(),
    /** The part of `output_tokens` that the model spent on reasoning. */
    reasoning_tokens: count.exactOptional(),
    duration_ms: count,
    error_code: text.exactOptional(),
    /** The `correlation_id` of the context of the call. */
    correlation_id: idText.exactOptional(),
    /** Every attempt at a candidate, in order. */
    tries: z.array(
      z.object({
        candidate: text,
        outcome: text,
        waited_ms: count,
        duration_ms: count,
        message: text.exactOptional(),
        code: text.exactOptional(),
        status: z.int().exactOptional(),
        retry_after_ms: count.exactOptional(),
        repair: z.literal(true).exactOptional(),
        /** What the attempt used, such as `input_tokens`. */
        usage: z.record(text, z.number()).exactOptional(),
      }),
    ),
    /** The candidates that were skipped, and why. */
    skipped: z.array(z.object({ candidate: text, reason: text })),
  });

/** One call of a job to a language model: which candidate answered, what was tried, how long it took and what it cost. */
export type LLMCall = z.infer<ReturnType<typeof callSchema>>;
