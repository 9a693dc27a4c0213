import type { FailureKind } from "@atlas/routing";

type Row = readonly [what: string, thrown: unknown, kind: FailureKind, details?: object];

const rows: readonly Row[] = [
  [
    "axios: `response.status`, its headers and its body",
    Object.assign(new Error("Request failed with status code 429"), {
      name: "AxiosError",
      code: "ERR_BAD_REQUEST",
      response: {
        status: 429,
        headers: { "Retry-After": "3" },
        data: { error: { message: "Slow down.", type: "requests", code: "rate_limit_exceeded" } },
      },
    }),
    "rate_limited",
    { status: 429, retryAfterMs: 3_000 },
  ],
  [
    "axios: `response.data` decides what a 400 is",
    Object.assign(new Error("Request failed with status code 400"), {
      response: {
        status: 400,
        data: { type: "error", error: { message: "Your credit balance is too low." } },
      },
    }),
    "misconfigured",
    { status: 400 },
  ],
  [
    "axios: a time-out",
    Object.assign(new Error("timeout of 10 ms exceeded"), { code: "ECONNABORTED" }),
    "unavailable",
  ],
  [
    "ky: `response` is a Response",
    Object.assign(new Error("HTTPError"), {
      response: new Response(null, { status: 503, headers: { "RETRY-AFTER": "4" } }),
    }),
    "unavailable",
    { status: 503, retryAfterMs: 4_000 },
  ],
  [
    "got: `response.statusCode`",
    Object.assign(new Error("HTTPError"), { response: { statusCode: 401 } }),
    "misconfigured",
  ],
  [
    "AWS: `$metadata.httpStatusCode`, named by its error",
    Object.assign(new Error("Too many requests, please wait before trying again."), {
      name: "ThrottlingException",
      $fault: "client",
      $metadata: { httpStatusCode: 429 },
    }),
    "rate_limited",
    { status: 429, providerCode: "ThrottlingException" },
  ],
  [
    "AWS: a quota with 400",
    Object.assign(new Error("Quota."), {
      name: "ServiceQuotaExceededException",
      $metadata: { httpStatusCode: 400 },
      $response: { headers: { "retry-after": "5" } },
    }),
    "rate_limited",
    { status: 400, retryAfterMs: 5_000 },
  ],
  [
    "AWS: a model that is not ready, with 429",
    Object.assign(new Error("Not ready."), {
      name: "ModelNotReadyException",
      $metadata: { httpStatusCode: 429 },
    }),
    "unavailable",
  ],
  [
    "AWS: temporary keys that are over, with 400",
    Object.assign(new Error("Expired."), {
      name: "ExpiredTokenException",
      $metadata: { httpStatusCode: 400 },
    }),
    "misconfigured",
  ],
  [
    "AWS: an error in a stream, without a status",
    Object.assign(new Error("Slow down."), { name: "ThrottlingException", $metadata: {} }),
    "rate_limited",
  ],
  [
    "gaxios: `code` is the status, in digits",
    Object.assign(new Error("Denied."), { code: "403" }),
    "misconfigured",
  ],
  [
    "a `code` that is the status",
    Object.assign(new Error("Busy."), { code: 429 }),
    "rate_limited",
    { status: 429 },
  ],
  [
    "the client of Google: its message is the body",
    Object.assign(
      new Error(
        JSON.stringify({
          error: {
            code: 429,
            message: "You exceeded your current quota, please check your plan and billing details.",
            status: "RESOURCE_EXHAUSTED",
            details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "2s" }],
          },
        }),
      ),
      { name: "ApiError", status: 429 },
    ),
    "rate_limited",
    { status: 429, retryAfterMs: 2_000, providerCode: "RESOURCE_EXHAUSTED" },
  ],
  [
    "the client of OpenAI: `code`, `type` and `error` on the error",
    Object.assign(new Error("429 You exceeded your current quota."), {
      status: 429,
      code: "insufficient_quota",
      type: "insufficient_quota",
      headers: new Headers({ "retry-after": "1" }),
      error: { message: "You exceeded your current quota.", code: "insufficient_quota" },
    }),
    "misconfigured",
    { status: 429, providerCode: "insufficient_quota" },
  ],
  [
    "the client of Anthropic: `error` is the body",
    Object.assign(new Error("529"), {
      status: 529,
      error: { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
    }),
    "unavailable",
  ],
  [
    "a lost connection",
    Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNRESET" } }),
    "unavailable",
  ],
  [
    "a pause beyond all numbers",
    Object.assign(new Error("Busy."), { status: 429, headers: { "retry-after": "9".repeat(40) } }),
    "rate_limited",
    { retryAfterMs: Number.MAX_SAFE_INTEGER },
  ],
  [
    "a pause in the broken digits of milliseconds",
    Object.assign(new Error("Busy."), { status: 429, headers: { "Retry-After-Ms": "12.6" } }),
    "rate_limited",
    { retryAfterMs: 13 },
  ],
];

interface ClientFailure {
  readonly thrown: unknown;
  readonly kind: FailureKind;
  readonly details?: object;
}

/** What clients other than the AI SDK throw; each shape is one that the client documents. */
export const ownClients: readonly (readonly [what: string, failure: ClientFailure])[] = rows.map(
  ([what, thrown, kind, details]) => [what, { thrown, kind, ...(details === undefined ? {} : { details }) }],
);
