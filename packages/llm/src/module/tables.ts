import type { LLMCall } from "./call.ts";

/** The tables of the calls that jobs have made to language models, and of the answers that are given again. */
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
    /** 1 where a cache gave the answer; null otherwise, as in every call from before there was a cache. */
    cached: number | null;
  };
  /** Answers for calls like those that they answered, by the key of `withCache`. */
  llm_cache: {
    key: string;
    /** JSON. */
    answer: string;
    expires_at: string;
  };
}
