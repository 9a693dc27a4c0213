import type { Clock } from "@atlas/core";
import { parseRetryAfter, verdictOfStatus } from "@atlas/routing/http-status";
import { isPluginError, PluginError } from "../contract/errors.ts";

const LONGEST_WAIT_MS = 24 * 60 * 60 * 1_000;

/**
 * Does one HTTP exchange within `timeoutMs` and reports any failure as `ATLAS_PLUGINS_HTTP_FAILED`. Errors name only the origin of an
 * address, since its path or query may be a secret.
 */
export async function exchange<Result>(
  options: {
    readonly origin: string;
    readonly signal: AbortSignal;
    readonly clock: Clock;
    readonly timeoutMs: number;
  },
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const { origin, signal, clock, timeoutMs } = options;
  const late = new AbortController();
  const cancel = clock.after(timeoutMs, () => late.abort());
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } catch (error) {
    signal.throwIfAborted();
    if (isPluginError(error)) throw error;
    const why = late.signal.aborted
      ? `${origin} did not answer within ${timeoutMs} ms. Raise timeoutMs if it is slow.`
      : `The connection to ${origin} failed (${reasonOf(error)}).`;
    throw new PluginError("ATLAS_PLUGINS_HTTP_FAILED", { origin }, why);
  } finally {
    cancel();
  }
}

/** The error for an answer other than 2xx: retryable or final, as its status says. */
export function statusError(origin: string, response: Response, now: number): PluginError {
  const { status } = response;
  const verdict = verdictOfStatus(status);
  if (verdict === "unavailable" || verdict === "rate_limited") {
    const waitMs = parseRetryAfter(response.headers.get("retry-after"), now);
    const retryAfterMs = waitMs === undefined ? undefined : Math.min(waitMs, LONGEST_WAIT_MS);
    return new PluginError(
      "ATLAS_PLUGINS_HTTP_FAILED",
      { origin, status },
      `${origin} answered ${status}; it cannot serve the request now.`,
      { retryAfterMs },
    );
  }
  const advice =
    verdict === "wrong_credentials"
      ? "Check the credentials in headers."
      : verdict === "redirected" || verdict === "not_modified"
        ? "Redirects are not followed here: use the final address."
        : "Check the address, and what the server expects.";
  return new PluginError(
    "ATLAS_PLUGINS_HTTP_REFUSED",
    { origin, status },
    `${origin} answered ${status} and refused the request. ${advice}`,
  );
}

/** The code of the innermost cause, such as ECONNREFUSED. Never its message, which may quote a header. */
function reasonOf(error: unknown): string {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  if (cause !== undefined && cause !== null) return reasonOf(cause);
  return typeof code === "string" ? code : "no connection";
}
