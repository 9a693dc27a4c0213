import type { Route, RouteOutcome } from "@atlas/routing";
import { redactSecrets } from "@atlas/routing/internal";
import type { HarnessRunResult } from "../contract/driver.ts";
import { type AgentDetails, HarnessError, isHarnessError } from "../contract/errors.ts";

/** The error of a task that no agent has done. */
export function errorOfRoute(
  { why, error, failure, route }: Extract<RouteOutcome<HarnessRunResult>, { status: "failed" }>,
  { only, isFinal }: { readonly only: string | undefined; readonly isFinal: boolean },
): HarnessError {
  const last = route.attempts.at(-1)?.candidate;
  if (last !== undefined && (isFinal || why === "stopped" || only !== undefined)) {
    return withRoute(harnessErrorOf(error, last, failure?.message), route);
  }
  if (only !== undefined) {
    const reason =
      route.skipped.find(({ candidate }) => candidate === only)?.reason ?? "it was not asked in time";
    const message = `"${only}" cannot be asked: ${reason.replace(/\.$/, "")}.`;
    return new HarnessError("ATLAS_HARNESS_UNAVAILABLE", { harness: only }, message, { route });
  }
  const inTime = why === "deadline" ? " in time" : "";
  return new HarnessError(
    "ATLAS_HARNESS_ALL_FAILED",
    { profile: route.profile },
    `No agent of the profile "${route.profile}" did the task${inTime}. ${triedInWords(route)}`,
    { route, ...(error === undefined ? {} : { cause: error }) },
  );
}

/** An error of a driver as one of this package. */
export function harnessErrorOf(error: unknown, harness: string, message?: string): HarnessError {
  if (isHarnessError(error)) return error;
  const said = message ?? (error instanceof Error ? error.message : String(error));
  const details: AgentDetails = { harness };
  return new HarnessError("ATLAS_HARNESS_FAILED", details, `"${harness}" failed: ${said}`, { cause: error });
}

/** The same error with its evidence. */
export function withRoute(error: HarnessError, route: Route): HarnessError {
  const { code, details, message, cause } = error;
  return new HarnessError(code, details, redactSecrets(message), {
    route,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The same error with what the agent had changed by then. */
export function withDiff(error: HarnessError, diff: string): HarnessError {
  if (diff === "") return error;
  const { code, message, cause } = error;
  // Sound: `diff` is optional in the details of every failed agent and of a conflict, and unknown to nobody who reads the others.
  const details = { ...error.details, diff } as typeof error.details;
  return new HarnessError(code, details, message, cause === undefined ? {} : { cause });
}

/** Says in one line which agents failed or were skipped, and why. */
export function triedInWords({ attempts, skipped }: Route): string {
  const failed = attempts.filter(({ outcome }) => outcome !== "answered");
  const tried = failed.map(({ candidate, message, outcome }) => `${candidate}: ${message ?? outcome}`);
  const passed = skipped.map(({ candidate, reason }) => `${candidate}: skipped, ${reason}`);
  return `${[...tried, ...passed].map((line) => line.replace(/\.$/, "")).join("; ")}.`;
}
