import type { CandidateFailure, FailureKind } from "@atlas/routing";
import type { LLMError, LLMErrorCode } from "./errors.ts";

const kinds: Readonly<Record<LLMErrorCode, FailureKind>> = {
  ATLAS_LLM_ALL_FAILED: "failed",
  ATLAS_LLM_BAD_RESPONSE: "bad_response",
  ATLAS_LLM_CASSETTE_INVALID: "failed",
  ATLAS_LLM_CASSETTE_MISMATCH: "rejected",
  ATLAS_LLM_CASSETTE_MISSING: "failed",
  ATLAS_LLM_CASSETTE_UNWRITTEN: "failed",
  ATLAS_LLM_FAILED: "failed",
  ATLAS_LLM_INSTRUCTIONS_ROOT: "failed",
  ATLAS_LLM_MISCONFIGURED: "misconfigured",
  ATLAS_LLM_OBJECT_INVALID: "rejected",
  ATLAS_LLM_RATE_LIMITED: "rate_limited",
  ATLAS_LLM_REJECTED: "rejected",
  ATLAS_LLM_SKILL_UNKNOWN: "rejected",
  ATLAS_LLM_TIMED_OUT: "timed_out",
  ATLAS_LLM_TRUNCATED: "truncated",
  ATLAS_LLM_UNAVAILABLE: "unavailable",
};

/** The error code of each kind of failure that a provider can report. */
export const codeOf = {
  rate_limited: "ATLAS_LLM_RATE_LIMITED",
  unavailable: "ATLAS_LLM_UNAVAILABLE",
  bad_response: "ATLAS_LLM_BAD_RESPONSE",
  timed_out: "ATLAS_LLM_TIMED_OUT",
  misconfigured: "ATLAS_LLM_MISCONFIGURED",
  rejected: "ATLAS_LLM_REJECTED",
  failed: "ATLAS_LLM_FAILED",
} as const satisfies Partial<Record<FailureKind, LLMErrorCode>>;

/** Translates an error into the terms of the router. */
export function failureOf({ code, message, details }: LLMError): CandidateFailure {
  return {
    // A newer copy of this package may have thrown a code that this one does not know.
    kind: Object.hasOwn(kinds, code) ? kinds[code] : "failed",
    code,
    message,
    ...("status" in details && details.status !== undefined ? { status: details.status } : {}),
    ...("retryAfterMs" in details && details.retryAfterMs !== undefined
      ? { retryAfterMs: details.retryAfterMs }
      : {}),
    ...("usage" in details && details.usage !== undefined ? { usage: { ...details.usage } } : {}),
  };
}
