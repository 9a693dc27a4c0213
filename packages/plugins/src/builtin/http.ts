import type { Clock } from "@atlas/core";
import { PluginError } from "../contract/errors.ts";

const LONGEST_WAIT_MS = 24 * 60 * 60 * 1_000;

/**
 * Does one exchange over HTTP within `timeoutMs`, and turns what goes wrong with it into an `ATLAS_PLUGINS_HTTP_FAILED`. Only
 * the origin of an address is ever told: its path or query may be a secret.
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
    if (error instanceof PluginError) throw error;
    const why = late.signal.aborted ? `did not answer within ${timeoutMs} ms` : `failed (${reasonOf(error)})`;
    throw new PluginError("ATLAS_PLUGINS_HTTP_FAILED", { origin }, `The exchange with ${origin} ${why}.`);
  } finally {
    cancel();
  }
}

/** The error for an answer that is not the one hoped for: to be tried again, or not, as its status says. */
export function statusError(origin: string, response: Response, now: number): PluginError {
  const { status } = response;
  const message = `${origin} answered ${status}.`;
  if (status >= 500 || status === 408 || status === 425 || status === 429) {
    const retryAfterMs = parseRetryAfter(response.headers.get("retry-after"), now);
    return new PluginError("ATLAS_PLUGINS_HTTP_FAILED", { origin, status }, message, { retryAfterMs });
  }
  return new PluginError("ATLAS_PLUGINS_HTTP_REFUSED", { origin, status }, message);
}

/** RFC 9110, 10.2.3: seconds or a date. Nothing for what cannot be read; at most a day. */
function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  // A date begins with the day's name; without that, `Date.parse` takes almost anything for one.
  const dateMs = /^[A-Z][a-z]{2}/.test(value) ? Date.parse(value) : Number.NaN;
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1_000 : dateMs - now;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), LONGEST_WAIT_MS);
}

/** The code of what lies at the bottom, such as ECONNREFUSED; never its message, which may quote a header. */
function reasonOf(error: unknown): string {
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  if (cause !== undefined && cause !== null) return reasonOf(cause);
  return typeof code === "string" ? code : "no connection";
}
