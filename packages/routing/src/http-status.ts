/**
 * What an HTTP status means to the client that got it:
 *
 * - `ok`: 2xx. The answer is in the body.
 * - `not_modified`: 304. The client's own copy is still current.
 * - `redirected`: any other 3xx. The answer is at another address.
 * - `rate_limited`: 429. The client sent too many requests; retry after a pause.
 * - `unavailable`: 408, 425 and 5xx. The server cannot answer now; retry after a pause.
 * - `conflict`: 409. Retry where the request changes nothing, such as a question to a model; otherwise treat as `refused`.
 * - `wrong_credentials`: 401, 402, 403 and 407. The key, its permissions or its account is at fault; a retry fails again.
 * - `not_found`: 404 and 410. The address, or what it names, does not exist.
 * - `refused`: any other 4xx. The server does not accept this request; a retry fails again.
 * - `unexpected`: anything below 200, and anything that is not a status. It cannot be the final answer to a request.
 */
export type StatusVerdict =
  | "ok"
  | "not_modified"
  | "redirected"
  | "rate_limited"
  | "unavailable"
  | "conflict"
  | "wrong_credentials"
  | "not_found"
  | "refused"
  | "unexpected";

const exceptions: ReadonlyMap<number, StatusVerdict> = new Map([
  [304, "not_modified"],
  [401, "wrong_credentials"],
  [402, "wrong_credentials"],
  [403, "wrong_credentials"],
  [404, "not_found"],
  [407, "wrong_credentials"],
  [408, "unavailable"],
  [409, "conflict"],
  [410, "not_found"],
  [425, "unavailable"],
  [429, "rate_limited"],
]);

/**
 * Says what an HTTP status means. Models and plugins share this table, so a status has the same meaning in both.
 *
 * @example
 * ```ts
 * assert.equal(verdictOfStatus(503), "unavailable");
 * assert.equal(verdictOfStatus(401), "wrong_credentials");
 * ```
 */
export function verdictOfStatus(status: number): StatusVerdict {
  const exception = exceptions.get(status);
  if (exception !== undefined) return exception;
  if (status >= 500) return "unavailable";
  if (status >= 400) return "refused";
  if (status >= 300) return "redirected";
  return status >= 200 ? "ok" : "unexpected";
}

/**
 * Reads a `Retry-After` header (RFC 9110, 10.2.3): the pause that the server asks for, in milliseconds from `now`. `now` is
 * wall-clock time in milliseconds since 1970. The header holds seconds or an HTTP date; a date in the past gives 0.
 * Anything else, such as a negative number, gives `undefined`. The result has no upper bound: cap it before you wait.
 */
export function parseRetryAfter(header: string | null | undefined, now: number): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000);
  // An HTTP date begins with the name of a day. Date.parse alone would read "-5" as a year.
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
