import { isCoreError } from "@atlas/core";
import { isHarnessError } from "@atlas/harness";
import { isLLMError } from "@atlas/llm";
import { isPluginError } from "@atlas/plugins";
import { isRoutingError } from "@atlas/routing";
import { isGatewayError } from "../../errors.ts";
import type { Problem } from "./problem.ts";
import { ProblemError } from "./problem-error.ts";
import { statusOf } from "./status-of.ts";

/** Sent for every error that is not Atlas's own: its message may hold anything. */
const UNKNOWN = "The server failed to answer. Its log has the details under this request id.";

/**
 * What is sent for a thrown value. Errors of Atlas keep code and message; those whose message names files or statements of the server,
 * and everything unknown, become a constant text.
 */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) {
    const { status, code, message, errors, headers } = error;
    return { status, code, detail: message, headers, ...(errors === undefined ? {} : { errors }) };
  }
  if (isCodedError(error)) {
    const { status, isOpen, retryAfterSeconds } = statusOf(error.code, error.retryable);
    const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
    return { status, code: error.code, detail: isOpen ? error.message : UNKNOWN, headers };
  }
  if (error instanceof TypeError && isAboutCall(error.message))
    return { status: 400, code: "ATLAS_HTTP_REQUEST_INVALID", detail: error.message };
  return { status: 500, code: "ATLAS_HTTP_FAILED", detail: UNKNOWN };
}

// A function of the gateway names itself where it refuses what it was given: `jobs.create: unique.key must be …`.
const ABOUT_CALL = /^(?:(?:jobs|schedules|sinks|tokens|repo|store|gateway)\.\w+|event_id|explainRoute)\b/;
// So does the engine, where code of the server calls what is not there.
const BY_ENGINE = /\bis not (?:a function|a constructor|iterable)\b/;

function isAboutCall(message: string): boolean {
  return ABOUT_CALL.test(message) && !BY_ENGINE.test(message);
}

interface CodedError extends Error {
  readonly code: string;
  readonly retryable: boolean;
}

function isCodedError(error: unknown): error is CodedError {
  return (
    isCoreError(error) ||
    isPluginError(error) ||
    isLLMError(error) ||
    isHarnessError(error) ||
    isRoutingError(error) ||
    isGatewayError(error)
  );
}
