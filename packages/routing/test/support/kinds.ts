import type { FailureKind } from "../../src/index.ts";

/** Every kind of failure. */
export const kinds = [
  "rate_limited",
  "unavailable",
  "bad_response",
  "truncated",
  "timed_out",
  "misconfigured",
  "rejected",
  "failed",
  "aborted",
] as const satisfies readonly FailureKind[];
