import type { LLMCall } from "./call.ts";

/** The table of the calls that jobs have made to language models. */
export interface LLMTables {
  llm_calls: {
    job_id: string;
    /** The number of the attempt that made the call. */
    attempt: number;
    /** The number of the call within its attempt, from 1. */
    number: number;
    at: string;
    method: LLMCall["method"];
    status: LLMCall["status"];
    profile: string | null;
    candidate: string | null;
    provider: string | null;
    model: string | null;
    degraded: number;
    input_tokens: number | null;
    output_tokens: number | null;
    cached_input_tokens: number | null;
    reasoning_tokens: number | null;
    duration_ms: number;
    error_code: string | null;
    /** JSON: every attempt at a candidate, in order. */
    tries: string;
    /** JSON: the candidates that were skipped, and why. */
    skipped: string;
    correlation_id: string | null;
  };
}
