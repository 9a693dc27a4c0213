const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE";
const REQUEST_HEADERS =
  "authorization, content-type, idempotency-key, last-event-id, traceparent, x-request-id";
const ANSWER_HEADERS = "idempotent-replayed, location, retry-after, x-request-id";
const PREFLIGHT_SECONDS = "600";

/** Lets the page that asked read the answer. Without credentials: a browser never adds a token by itself. */
export function corsHeaders(origin: string): Readonly<Record<string, string>> {
  return {
    "access-control-allow-origin": origin,
    "access-control-expose-headers": ANSWER_HEADERS,
    vary: "Origin",
  };
}

/** The answer to a browser that asks beforehand what a page may send. */
export function preflightHeaders(origin: string): Readonly<Record<string, string>> {
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-methods": METHODS,
    "access-control-allow-headers": REQUEST_HEADERS,
    "access-control-max-age": PREFLIGHT_SECONDS,
    vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
  };
}

/** Tells whether a request only asks what may be sent. */
export function isPreflight(request: Request): boolean {
  return request.method === "OPTIONS" && request.headers.has("access-control-request-method");
}
