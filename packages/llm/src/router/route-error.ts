import type { Route, RouteOutcome } from "@atlas/routing";
import { toLLMError } from "../ai-sdk/failures/to-llm-error.ts";
import { isLLMError, LLMError } from "../contract/errors.ts";

/**
 * The error of a call that no candidate answered, with the route. `given` is the text that the caller has already seen; it is
 * absent if no part of an answer has reached the caller.
 */
export function routeError(
  { why, error, failure, route }: Extract<RouteOutcome<unknown>, { status: "failed" }>,
  given: string | undefined,
  now: number,
): LLMError {
  const provider = route.attempts.at(-1)?.candidate ?? route.profile;
  // A filter that stops an answer stops it for good: it is no connection that broke.
  if (given !== undefined && failure?.kind === "rejected") {
    const { message, details } = toLLMError(error, { provider, now });
    const known = "provider" in details ? details : { provider };
    return new LLMError(
      "ATLAS_LLM_REJECTED",
      { ...known, ...(given === "" ? {} : { text: given }) },
      message,
      { route },
    );
  }
  if (given !== undefined) {
    const usage = isLLMError(error) && "usage" in error.details ? error.details.usage : undefined;
    return new LLMError(
      "ATLAS_LLM_TRUNCATED",
      { provider, text: given, ...(usage === undefined ? {} : { usage }) },
      `"${provider}" broke off after ${given.length} characters: ${failure?.message ?? why}`,
      { route },
    );
  }
  if (why === "stopped") {
    const { code, details, message } = toLLMError(error, { provider, now });
    return new LLMError(code, details, message, { route });
  }
  const { attempts, skipped } = route;
  const isUnsupported = attempts.length > 0 && attempts.every((one) => one.rejectedFor === "unsupported");
  if (why === "exhausted" && isUnsupported && skipped.length === 0) {
    return new LLMError(
      "ATLAS_LLM_REJECTED",
      { provider },
      `No model of the profile "${route.profile}" can take this request. ${triedInWords(route)}`,
      { route },
    );
  }
  return new LLMError(
    "ATLAS_LLM_ALL_FAILED",
    { profile: route.profile },
    `No model of the profile "${route.profile}" answered${why === "deadline" ? " in time" : ""}. ${triedInWords(route)}`,
    { route },
  );
}

/** Says in one line which candidates failed or were skipped, and why. */
export function triedInWords({ attempts, skipped }: Route): string {
  const failed = attempts.filter(({ outcome }) => outcome !== "answered");
  const names = [...new Set(failed.map(({ candidate }) => candidate))];
  const tried = names.map((name) => {
    const own = failed.filter(({ candidate }) => candidate === name);
    const last = own.at(-1);
    return `${name} (${own.length === 1 ? "1 attempt" : `${own.length} attempts`}): ${last?.message ?? last?.outcome}`;
  });
  const passed = skipped.map(({ candidate, reason }) => `${candidate}: skipped, ${reason}`);
  return `${[...tried, ...passed].map((line) => line.replace(/\.$/, "")).join("; ")}.`;
}
