import type { RealFailure } from "./real-failure.ts";

const error = (type: string, message: string): object => ({
  type: "error",
  error: { type, message },
  request_id: "req_1",
});

/** docs.claude.com/en/api/errors and /en/api/rate-limits (documentation); the sentences of 400 are those of its console. */
export const anthropic: readonly RealFailure[] = [
  {
    what: "an empty account, with 400",
    via: "anthropic",
    status: 400,
    body: error(
      "invalid_request_error",
      "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
    ),
    kind: "misconfigured",
  },
  {
    what: "a spend limit, with 400",
    via: "anthropic",
    status: 400,
    body: error(
      "invalid_request_error",
      "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.",
    ),
    kind: "misconfigured",
  },
  {
    what: "a disabled organization, with 400",
    via: "anthropic",
    status: 400,
    body: error("invalid_request_error", "This organization has been disabled."),
    kind: "misconfigured",
  },
  {
    what: "a matter of billing",
    via: "anthropic",
    status: 402,
    body: error("billing_error", "There is a problem with your billing."),
    kind: "misconfigured",
  },
  {
    what: "a wrong key",
    via: "anthropic",
    status: 401,
    body: error("authentication_error", "invalid x-api-key"),
    kind: "misconfigured",
  },
  {
    what: "an unknown model",
    via: "anthropic",
    status: 404,
    body: error("not_found_error", "model: claude-9"),
    kind: "misconfigured",
  },
  {
    what: "too long a prompt",
    via: "anthropic",
    status: 400,
    body: error("invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum"),
    kind: "rejected",
  },
  {
    what: "too large a request",
    via: "anthropic",
    status: 413,
    body: error("request_too_large", "Request exceeds the maximum size"),
    kind: "rejected",
  },
  {
    what: "a rate limit",
    via: "anthropic",
    status: 429,
    headers: { "retry-after": "12", "anthropic-ratelimit-requests-remaining": "0" },
    body: error("rate_limit_error", "Number of requests has exceeded your per-minute rate limit."),
    kind: "rate_limited",
    pauseMs: 12_000,
  },
  {
    what: "overload",
    via: "anthropic",
    status: 529,
    body: error("overloaded_error", "Overloaded"),
    kind: "unavailable",
  },
  {
    what: "an error of its own",
    via: "anthropic",
    status: 500,
    body: error("api_error", "Internal server error"),
    kind: "unavailable",
  },
];
