import { ProblemError } from "../problem/problem-error.ts";

/** Throws for a request of a foreign page. Returns the origin for which the answer must say that it may be read, if any. */
export type CheckOrigin = (request: Request, host: string | null) => string | undefined;

const ORIGIN = /^https?:\/\/[^/\s?#@]+$/;

/**
 * Checks where a request comes from. Browsers name the page that sends it; programs name none, and need a token anyway. A page of the
 * server itself may ask, one of another origin only if it is on the list.
 */
export function createOriginCheck(allowed: readonly string[]): CheckOrigin {
  const known = new Set(allowed);
  return (request, host) => {
    const origin = request.headers.get("origin");
    if (origin !== null && known.has(origin)) return origin;
    // Absent in browsers of before 2023, which then send `Origin` with all that changes something.
    const site = request.headers.get("sec-fetch-site");
    const isOwnSite = site === null || site === "same-origin" || site === "none";
    if (isOwnSite && (origin === null || isOwn(origin, host))) return undefined;
    throw new ProblemError(
      "ATLAS_HTTP_ORIGIN_REFUSED",
      "Pages of other origins may not ask this server. Its operator names those that may in the option `origins`.",
    );
  };
}

/** Checks the option `origins`. */
export function checkOrigins(what: string, origins: unknown): void {
  if (!Array.isArray(origins)) throw new TypeError(`${what}: origins must be a list of texts.`);
  for (const origin of origins as readonly unknown[])
    if (typeof origin !== "string" || !ORIGIN.test(origin))
      throw new TypeError(
        `${what}: origins must hold origins such as "https://app.example.com", without a path; got ${JSON.stringify(origin)}. "*" is not possible: list those that you trust.`,
      );
}

/** A proxy may speak TLS in front of the server, so that the scheme is not known here; the host is. */
function isOwn(origin: string, host: string | null): boolean {
  return host !== null && (origin === `http://${host}` || origin === `https://${host}`);
}
