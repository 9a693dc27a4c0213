import type { RealFailure } from "./real-failure.ts";

const error = (code: number, status: string, message: string, details?: readonly object[]): object => ({
  error: { code, message, status, ...(details === undefined ? {} : { details }) },
});
const type = (name: string): string => `type.googleapis.com/google.rpc.${name}`;
const quota = (quotaId: string): object => ({
  "@type": type("QuotaFailure"),
  violations: [
    {
      quotaMetric: "generativelanguage.googleapis.com/generate_content_free_tier_requests",
      quotaId,
      quotaValue: "10",
    },
  ],
});
const exceeded =
  "You exceeded your current quota, please check your plan and billing details. For more information on this error, head to: https://ai.google.dev/gemini-api/docs/rate-limits.";

/** ai.google.dev/gemini-api/docs/troubleshooting, cloud.google.com/apis/design/errors (documentation). */
export const google: readonly RealFailure[] = [
  {
    what: "a wrong key, with 400",
    via: "google",
    status: 400,
    body: error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", [
      { "@type": type("ErrorInfo"), reason: "API_KEY_INVALID", domain: "googleapis.com" },
    ]),
    kind: "misconfigured",
  },
  {
    what: "an expired key, with its reason only",
    via: "google",
    status: 400,
    body: error(400, "INVALID_ARGUMENT", "Please renew.", [
      { "@type": type("ErrorInfo"), reason: "API_KEY_INVALID", domain: "googleapis.com" },
    ]),
    kind: "misconfigured",
  },
  {
    what: "a country that is not served, with 400",
    via: "google",
    status: 400,
    body: error(400, "FAILED_PRECONDITION", "User location is not supported for the API use."),
    kind: "misconfigured",
  },
  {
    what: "a wrong request",
    via: "google",
    status: 400,
    body: error(400, "INVALID_ARGUMENT", "The input token count exceeds the maximum number of tokens."),
    kind: "rejected",
  },
  {
    what: "the limit of a minute, which mentions billing",
    via: "google",
    status: 429,
    body: error(429, "RESOURCE_EXHAUSTED", `${exceeded}\nPlease retry in 34.074824224s.`, [
      quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
      { "@type": type("Help"), links: [{ description: "Learn more", url: "https://ai.google.dev" }] },
      { "@type": type("RetryInfo"), retryDelay: "34.074824224s" },
    ]),
    kind: "rate_limited",
    pauseMs: 34_075,
  },
  {
    what: "the limit of a minute, with the pause in words only",
    via: "google",
    status: 429,
    body: error(429, "RESOURCE_EXHAUSTED", `${exceeded}\nPlease retry in 6.5s.`),
    kind: "rate_limited",
    pauseMs: 6_500,
  },
  {
    what: "prepaid credits that are used up",
    via: "google",
    status: 429,
    body: error(
      429,
      "RESOURCE_EXHAUSTED",
      "Your prepayment credits are depleted. Please go to AI Studio to manage your project and billing.",
    ),
    kind: "misconfigured",
  },
  {
    what: "an unknown model",
    via: "google",
    status: 404,
    body: error(404, "NOT_FOUND", "models/gemini-9 is not found for API version v1beta"),
    kind: "misconfigured",
  },
  {
    what: "overload",
    via: "google",
    status: 503,
    body: error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
    kind: "unavailable",
  },
  {
    what: "a call that was cancelled on its side",
    via: "google",
    status: 499,
    body: error(499, "CANCELLED", "The operation was cancelled."),
    kind: "unavailable",
  },
];
