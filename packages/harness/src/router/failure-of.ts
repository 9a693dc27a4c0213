import type { CandidateFailure, FailureKind } from "@atlas/routing";
import { redactSecrets } from "@atlas/routing/internal";
import { type HarnessErrorCode, isHarnessError } from "../contract/errors.ts";

const kinds: Readonly<Record<HarnessErrorCode, FailureKind>> = {
  ATLAS_HARNESS_ALL_FAILED: "failed",
  ATLAS_HARNESS_BUSY: "rejected",
  ATLAS_HARNESS_CASSETTE_INVALID: "rejected",
  ATLAS_HARNESS_CASSETTE_MISMATCH: "rejected",
  ATLAS_HARNESS_CASSETTE_MISSING: "rejected",
  ATLAS_HARNESS_CONFLICT: "rejected",
  ATLAS_HARNESS_CUT_OFF: "failed",
  ATLAS_HARNESS_CWD_REFUSED: "rejected",
  ATLAS_HARNESS_DENIED: "failed",
  ATLAS_HARNESS_DIFF_INVALID: "rejected",
  ATLAS_HARNESS_FAILED: "failed",
  ATLAS_HARNESS_GIT_FAILED: "rejected",
  ATLAS_HARNESS_INPUT_REFUSED: "rejected",
  ATLAS_HARNESS_MISCONFIGURED: "misconfigured",
  ATLAS_HARNESS_PLATFORM_UNSUPPORTED: "misconfigured",
  ATLAS_HARNESS_RATE_LIMITED: "rate_limited",
  ATLAS_HARNESS_REPOSITORY_UNFIT: "rejected",
  ATLAS_HARNESS_TIMED_OUT: "timed_out",
  ATLAS_HARNESS_UNAVAILABLE: "misconfigured",
  ATLAS_HARNESS_WORKSPACE_FAILED: "rejected",
};

/** What an error of an attempt means for its candidate. */
export function failureOf(error: unknown): CandidateFailure {
  if (!isHarnessError(error)) {
    const isTimeout = error instanceof DOMException && error.name === "TimeoutError";
    const message = error instanceof Error ? error.message : String(error);
    return { kind: isTimeout ? "timed_out" : "failed", message: redactSecrets(message) };
  }
  const { code, message, details } = error;
  const status = "status" in details ? details.status : undefined;
  const usage = "usage" in details ? details.usage : undefined;
  return {
    kind: kinds[code] ?? "failed",
    code,
    message: redactSecrets(message),
    ...(status === undefined ? {} : { status }),
    ...(usage === undefined ? {} : { usage: amountsOf(usage) }),
  };
}

/** True for a failure that no other agent can cure: the folder, its repository, or a recording. */
export function concernsTask(error: unknown): boolean {
  return (
    isHarnessError(error) && kinds[error.code] === "rejected" && error.code !== "ATLAS_HARNESS_INPUT_REFUSED"
  );
}

function amountsOf(usage: object): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(usage).filter(([, amount]) => typeof amount === "number"));
}
