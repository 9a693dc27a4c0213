import { randomUUID } from "node:crypto";

// Visible ASCII without separators of headers and logs would be stricter; callers' own formats differ too much for that.
const GIVEN = /^[\x21-\x7e]{1,128}$/;

/** The id that the caller gave to the request, or a new one. */
export function requestIdOf(request: Request): string {
  const given = request.headers.get("x-request-id");
  return given !== null && GIVEN.test(given) ? given : newRequestId();
}

/** An id for a request that brings none. */
export function newRequestId(): string {
  return randomUUID();
}
