import type { RealFailure } from "./real-failure.ts";

type Case = Omit<RealFailure, "via">;
const all = (service: string, cases: readonly Case[]): readonly RealFailure[] =>
  cases.map((one) => ({ ...one, what: `${service}: ${one.what}`, via: "compatible" }));
const error = (message: string, rest: object = {}): object => ({ error: { message, ...rest } });

/** learn.microsoft.com/azure/ai-foundry/openai: content filtering, quotas and the REST reference (documentation). */
const azure = all("Azure", [
  {
    what: "a filtered prompt",
    status: 400,
    body: error(
      "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
      {
        type: null,
        param: "prompt",
        code: "content_filter",
        status: 400,
        innererror: { code: "ResponsibleAIPolicyViolation", content_filter_result: {} },
      },
    ),
    kind: "rejected",
  },
  {
    what: "no such deployment",
    status: 404,
    body: error("The API deployment for this resource does not exist.", { code: "DeploymentNotFound" }),
    kind: "misconfigured",
  },
  {
    what: "a model that cannot chat, with 400",
    status: 400,
    body: error("The chatCompletion operation does not work with the specified model.", {
      code: "OperationNotSupported",
    }),
    kind: "misconfigured",
  },
  {
    what: "a rate limit with its pause in words",
    status: 429,
    body: error("Requests have exceeded the call rate limit. Please retry after 7 seconds.", { code: "429" }),
    kind: "rate_limited",
    pauseMs: 7_000,
  },
  {
    what: "a wrong key",
    status: 401,
    body: { statusCode: 401, message: "Unauthorized. Access token is missing, invalid or expired." },
    kind: "misconfigured",
    says: "Access token is missing",
  },
  {
    what: "its own time-out",
    status: 408,
    body: error("The operation was timeout.", { code: "Timeout" }),
    kind: "unavailable",
  },
]);

/** docs.aws.amazon.com/bedrock: InvokeModel and its errors (documentation), as its OpenAI-compatible address answers. */
const bedrock = all("Bedrock", [
  { what: "a failed model", status: 424, body: { message: "The model failed." }, kind: "unavailable" },
  {
    what: "a quota, with 400",
    status: 400,
    body: {
      __type: "ServiceQuotaExceededException",
      code: "ServiceQuotaExceededException",
      message: "Quota.",
    },
    kind: "rate_limited",
  },
  {
    what: "an unknown model, with 400",
    status: 400,
    body: { message: "The provided model identifier is invalid." },
    kind: "misconfigured",
  },
  {
    what: "a model that is not offered by the request, with 400",
    status: 400,
    body: { message: "Invocation of model ID m with on-demand throughput isn’t supported." },
    kind: "misconfigured",
  },
]);

/** docs.mistral.ai/api (documentation). */
const mistral = all("Mistral", [
  {
    what: "an unknown model, with 400",
    status: 400,
    body: {
      object: "error",
      message: "Invalid model: mistral-9",
      type: "invalid_model",
      param: null,
      code: "1500",
    },
    kind: "misconfigured",
    says: "Invalid model: mistral-9",
  },
  {
    what: "a wrong key",
    status: 401,
    body: { detail: "Unauthorized" },
    kind: "misconfigured",
  },
  {
    what: "a wrong field",
    status: 422,
    body: {
      object: "error",
      message: { detail: [{ type: "extra_forbidden", loc: ["body", "x"], msg: "Extra inputs" }] },
      type: "invalid_request_error",
    },
    kind: "rejected",
  },
  {
    what: "a rate limit",
    status: 429,
    body: { object: "error", message: "Rate limit exceeded", type: "rate_limited", code: "1300" },
    kind: "rate_limited",
  },
]);

/** docs.x.ai/docs/key-information/debugging (documentation). The sentence stands where others have an object. */
const xai = all("xAI", [
  {
    what: "a wrong key, with 400",
    status: 400,
    body: {
      code: "Client specified an invalid argument",
      error: "Incorrect API key provided: xa***yz. You can obtain an API key from https://console.x.ai.",
    },
    kind: "misconfigured",
  },
  {
    what: "no credits, with 403",
    status: 403,
    body: {
      code: "The caller does not have permission to execute the specified operation",
      error: "Your team has either used all available credits or reached its monthly spending limit.",
    },
    kind: "misconfigured",
  },
  {
    what: "no credits, with 429",
    status: 429,
    body: {
      code: "Some resource has been exhausted",
      error: "Your team has either used all available credits or reached its monthly spending limit.",
    },
    kind: "misconfigured",
  },
  {
    what: "a breach of its guidelines, with 403",
    status: 403,
    body: {
      code: "The caller does not have permission to execute the specified operation",
      error: "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO",
    },
    kind: "rejected",
  },
  { what: "a wrong method", status: 405, body: "", kind: "misconfigured" },
]);

/** console.groq.com/docs/errors and /docs/rate-limits (documentation). */
const groq = all("Groq", [
  {
    what: "flex capacity that is used up",
    status: 498,
    body: error("Flex tier capacity exceeded.", { type: "capacity_exceeded", code: "capacity_exceeded" }),
    kind: "unavailable",
  },
  {
    what: "a model that is gone, with 400",
    status: 400,
    body: error("The model `llama2` has been decommissioned.", {
      type: "invalid_request_error",
      code: "model_decommissioned",
    }),
    kind: "misconfigured",
  },
  {
    what: "JSON that the model failed to write, with 400",
    status: 400,
    body: error("Failed to generate JSON. Please adjust your prompt.", {
      type: "invalid_request_error",
      code: "json_validate_failed",
      failed_generation: "{",
    }),
    kind: "bad_response",
  },
  {
    what: "a request above the tokens of a minute, with 413",
    status: 413,
    body: error(
      "Request too large for model `llama` on tokens per minute (TPM): Limit 6000, Requested 7000.",
      {
        type: "tokens",
        code: "rate_limit_exceeded",
      },
    ),
    kind: "rate_limited",
  },
  {
    what: "a rate limit with minutes in words",
    status: 429,
    body: error("Rate limit reached on tokens per day (TPD). Please try again in 7m12.5s.", {
      type: "tokens",
      code: "rate_limit_exceeded",
    }),
    kind: "rate_limited",
    pauseMs: 432_500,
  },
  {
    what: "a closed organization, with 400",
    status: 400,
    body: error("Organization has been restricted. Please reach out to support.", {
      type: "invalid_request_error",
      code: "organization_restricted",
    }),
    kind: "misconfigured",
  },
]);

/** openrouter.ai/docs/api-reference/errors (documentation). */
const openrouter = all("OpenRouter", [
  {
    what: "flagged input, with 403",
    status: 403,
    body: error('openai/gpt-5 requires moderation on OpenAI. Your input was flagged for "violence".', {
      code: 403,
      metadata: { reasons: ["violence"], flagged_input: "…", provider_name: "OpenAI" },
    }),
    kind: "rejected",
  },
  {
    what: "no credits",
    status: 402,
    body: error("Insufficient credits. Add more using https://openrouter.ai/settings/credits", { code: 402 }),
    kind: "misconfigured",
  },
  {
    what: "an unknown model, with 400",
    status: 400,
    body: error("house/nine is not a valid model ID", { code: 400 }),
    kind: "misconfigured",
  },
  {
    what: "a rate limit whose headers stand in the body",
    status: 429,
    body: error("Rate limit exceeded: free-models-per-min.", {
      code: 429,
      metadata: {
        headers: {
          "X-RateLimit-Limit": "20",
          "X-RateLimit-Remaining": "0",
          "X-RateLimit-Reset": String(Date.UTC(2026, 0, 1, 0, 0, 45)),
        },
      },
    }),
    kind: "rate_limited",
    pauseMs: 45_000,
  },
  {
    what: "a failed provider, in the body of a 200",
    status: 200,
    body: error("Provider returned error", { code: 502, metadata: { provider_name: "Someone" } }),
    kind: "unavailable",
  },
  {
    what: "a rate limit, in the body of a 200",
    status: 200,
    body: error("Rate limited upstream", { code: 429 }),
    kind: "rate_limited",
  },
]);

/** docs.ollama.com/api/errors (documentation). */
const ollama = all("Ollama", [
  {
    what: "a model that is not pulled",
    status: 404,
    body: error('model "qwen9" not found, try pulling it first', { type: "api_error" }),
    kind: "misconfigured",
  },
  {
    what: "a model that cannot chat, with 400",
    status: 400,
    body: error('"embed" does not support chat', { type: "invalid_request_error" }),
    kind: "misconfigured",
  },
  {
    what: "a full queue",
    status: 503,
    body: error("server busy, please try again. maximum pending requests exceeded", { type: "api_error" }),
    kind: "unavailable",
  },
  {
    what: "too little memory",
    status: 500,
    body: { error: "model requires more system memory (9 GiB) than is available (4 GiB)" },
    kind: "unavailable",
    says: "more system memory",
  },
  {
    what: "its own shape, in the body of a 200",
    status: 200,
    body: { error: "unexpected end of the runner" },
    kind: "bad_response",
  },
]);

/** api-docs.deepseek.com/quick_start/error_codes, platform.minimax.io (documentation). */
const others = all("others", [
  {
    what: "DeepSeek without balance",
    status: 402,
    body: error("Insufficient Balance", {
      type: "unknown_error",
      param: null,
      code: "invalid_request_error",
    }),
    kind: "misconfigured",
  },
  {
    what: "MiniMax without balance, in the body of a 200",
    status: 200,
    body: { id: "1", choices: null, base_resp: { status_code: 1008, status_msg: "insufficient balance" } },
    kind: "misconfigured",
  },
  {
    what: "MiniMax at its limit, in the body of a 200",
    status: 200,
    body: { id: "1", choices: null, base_resp: { status_code: 1002, status_msg: "rate limit" } },
    kind: "rate_limited",
  },
  {
    what: "a conflict",
    status: 409,
    body: error("Try again.", { code: "lock_timeout" }),
    kind: "unavailable",
  },
  { what: "too early", status: 425, body: error("Too early."), kind: "unavailable" },
  { what: "a model that is gone", status: 410, body: error("Gone."), kind: "misconfigured" },
  { what: "a country by law", status: 451, body: error("Not here."), kind: "misconfigured" },
]);

/** The services that speak the protocol of OpenAI. */
export const compatible: readonly RealFailure[] = [
  ...azure,
  ...bedrock,
  ...mistral,
  ...xai,
  ...groq,
  ...openrouter,
  ...ollama,
  ...others,
];
