import { idText, timeText } from "@atlas/core";
import { z } from "zod";

const text = z.string().max(1_000);
const count = z.int().min(0);

/** What the command that stores a run accepts. */
export const runSchema = () =>
  z.object({
    job_id: idText,
    /** The attempt of the job, and the task within that attempt. Both count from 1. */
    attempt: z.int().min(1),
    number: z.int().min(1),
    /** When the task ended. */
    at: timeText,
    mode: z.enum(["plan", "propose", "apply"]),
    status: z.enum(["answered", "failed"]),
    profile: text.exactOptional(),
    /** The agent that did the task. */
    harness: text.exactOptional(),
    /** The model that the task named. */
    model: text.exactOptional(),
    session_id: text.exactOptional(),
    exit_code: z.int().exactOptional(),
    /** True where `noop` stood in for an agent. */
    degraded: z.boolean(),
    /** True where a limit cut what the agent printed or changed. */
    truncated: z.boolean(),
    input_tokens: count.exactOptional(),
    output_tokens: count.exactOptional(),
    /** The part of `input_tokens` that came from a cache. */
    cached_input_tokens: count.exactOptional(),
    /** The part of `output_tokens` that was spent on reasoning. */
    reasoning_tokens: count.exactOptional(),
    /** What the agent said that the task cost, in millionths of a US dollar. */
    cost_microusd: count.exactOptional(),
    duration_ms: count,
    error_code: text.exactOptional(),
    /** The `correlation_id` of the context of the task. */
    correlation_id: idText.exactOptional(),
    /** The goal, where the host wants it kept. */
    goal: z.string().max(100_000).exactOptional(),
    /** The files that the agent changed: at most 1,000. */
    files: z
      .array(
        z.object({
          path: text,
          change: z.enum(["added", "modified", "deleted", "renamed"]),
          from: text.exactOptional(),
        }),
      )
      .max(1_000),
    /** Every attempt at an agent, in order. */
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
        /** What the attempt used, such as `input_tokens`. */
        usage: z.record(text, z.number()).exactOptional(),
      }),
    ),
    /** The agents that were skipped, and why. */
    skipped: z.array(z.object({ candidate: text, reason: text })),
  });

/** One task that a job gave to coding agents: which one did it, what was tried, what it changed and what it cost. */
export type HarnessRunRecord = z.infer<ReturnType<typeof runSchema>>;
