import type { RealFailure } from "./real-failure.ts";

const error = (message: string, type: string | null, code: string | null): object => ({
  error: { message, type, param: null, code },
});

/** platform.openai.com/docs/guides/error-codes, /docs/guides/rate-limits and the reference of the Responses API (documentation). */
export const openai: readonly RealFailure[] = [
  {
    what: "a wrong key",
    via: "openai",
    status: 401,
    body: error("Incorrect API key provided: sk-abc*.", "invalid_request_error", "invalid_api_key"),
    kind: "misconfigured",
  },
  {
    what: "an unsupported country",
    via: "openai",
    status: 403,
    body: error(
      "Country, region, or territory not supported",
      "request_forbidden",
      "unsupported_country_region_territory",
    ),
    kind: "misconfigured",
  },
  {
    what: "an unknown model",
    via: "openai",
    status: 404,
    body: error(
      "The model `gpt-9` does not exist or you do not have access to it.",
      "invalid_request_error",
      "model_not_found",
    ),
    kind: "misconfigured",
  },
  {
    what: "an unknown model, with 400",
    via: "openai",
    status: 400,
    body: error("The requested model 'gpt-9' does not exist.", "invalid_request_error", "model_not_found"),
    kind: "misconfigured",
  },
  {
    what: "an empty account",
    via: "openai",
    status: 429,
    body: error(
      "You exceeded your current quota, please check your plan and billing details.",
      "insufficient_quota",
      "insufficient_quota",
    ),
    kind: "misconfigured",
  },
  {
    what: "an account that is not active",
    via: "openai",
    status: 429,
    body: error(
      "Your account is not active, please check your billing details on our website.",
      "billing_not_active",
      "billing_not_active",
    ),
    kind: "misconfigured",
  },
  {
    what: "a spending limit, with 400",
    via: "openai",
    status: 400,
    body: error("Billing hard limit has been reached", "invalid_request_error", "billing_hard_limit_reached"),
    kind: "misconfigured",
  },
  {
    what: "a rate limit whose message mentions billing",
    via: "openai",
    status: 429,
    body: error(
      "Rate limit reached for gpt-5 in organization org-1 on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s. You can increase your rate limit by adding a payment method to your account at https://platform.openai.com/account/billing.",
      "requests",
      "rate_limit_exceeded",
    ),
    kind: "rate_limited",
    pauseMs: 20_000,
  },
  {
    what: "a rate limit that names milliseconds only in words",
    via: "openai",
    status: 429,
    body: error(
      "Rate limit reached for gpt-5 on tokens per min (TPM): Limit 30000, Used 29990, Requested 60. Please try again in 100ms.",
      "tokens",
      "rate_limit_exceeded",
    ),
    kind: "rate_limited",
    pauseMs: 100,
  },
  {
    what: "a rate limit whose headers say when requests are free again, while tokens are left",
    via: "openai",
    status: 429,
    headers: {
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "1m3.5s",
      "x-ratelimit-remaining-tokens": "149984",
      "x-ratelimit-reset-tokens": "9m0s",
    },
    body: error("Rate limit reached.", "requests", "rate_limit_exceeded"),
    kind: "rate_limited",
    pauseMs: 63_500,
  },
  {
    what: "a rate limit of requests and of tokens",
    via: "openai",
    status: 429,
    headers: {
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "1s",
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-tokens": "6m0s",
    },
    body: error("Rate limit reached.", "tokens", "rate_limit_exceeded"),
    kind: "rate_limited",
    pauseMs: 360_000,
  },
  {
    what: "a rate limit with Retry-After, which counts more than all else",
    via: "openai",
    status: 429,
    headers: {
      "Retry-After": "2",
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "1m0s",
    },
    body: error("Rate limit reached. Please try again in 20s.", "requests", "rate_limit_exceeded"),
    kind: "rate_limited",
    pauseMs: 2_000,
  },
  {
    what: "an overloaded engine, whose rate-limit headers are about something else",
    via: "openai",
    status: 503,
    headers: { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m0s" },
    body: error(
      "The engine is currently overloaded, please try again later",
      "service_unavailable_error",
      null,
    ),
    kind: "unavailable",
  },
  {
    what: "too long a prompt",
    via: "openai",
    status: 400,
    body: error(
      "Your input exceeds the context window of this model.",
      "invalid_request_error",
      "context_length_exceeded",
    ),
    kind: "rejected",
  },
  {
    what: "a prompt that quotes the errors of others",
    via: "openai",
    status: 400,
    body: error(
      "Invalid value: 'What does insufficient_quota mean, and RESOURCE_EXHAUSTED?'",
      "invalid_request_error",
      "invalid_value",
    ),
    kind: "rejected",
  },
  ...(
    [
      ["server_error", "unavailable"],
      ["rate_limit_exceeded", "rate_limited"],
      ["invalid_prompt", "rejected"],
      ["vector_store_timeout", "unavailable"],
      ["a_word_of_tomorrow", "unavailable"],
    ] as const
  ).flatMap(([code, kind]) => [
    failedLater(
      kind,
      { code, message: "The model could not finish." },
      "which the package does not understand",
    ),
    failedLater(
      kind,
      { type: "error", code, message: "The model could not finish." },
      "which the package throws as a 400 of its own",
    ),
  ]),
];

function failedLater(
  kind: RealFailure["kind"],
  said: { readonly code: string; readonly message: string; readonly type?: string },
  how: string,
): RealFailure {
  return {
    what: `${said.code} in the body of a 200, ${how}`,
    via: "openai",
    status: 200,
    body: {
      id: "resp_1",
      object: "response",
      created_at: 1_767_225_600,
      model: "gpt-5",
      status: "failed",
      error: said,
      incomplete_details: null,
      output: [],
      usage: null,
    },
    kind,
  };
}
