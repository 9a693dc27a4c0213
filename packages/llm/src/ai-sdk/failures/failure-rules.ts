import type { FailureKind } from "@atlas/routing";

/** The kinds of failure that a provider can report. */
export type ProviderFailureKind = Exclude<FailureKind, "aborted">;

/** A kind, or that the service does not have the model: the mistake of whoever named it. */
export type RuledKind = ProviderFailureKind | "unknown_model";

/** One line of the table: which words of a service, with which status, mean which kind of failure. */
export interface FailureRule {
  /** The statuses that the rule holds for; `none` for a failure without one, such as in a stream. Absent: all. */
  readonly status?: readonly (number | "none")[];
  /** Matches one of the service's codes, types and reasons as a whole. */
  readonly code?: RegExp;
  /** Matches a part of the message. Text of the caller can be in it, so a pattern is a phrase of the service. */
  readonly text?: RegExp;
  readonly kind: RuledKind;
}

/**
 * What services say that their status does not. The first rule that matches counts; without one, the status decides. Each
 * rule names its source: a page of the service's documentation, or the service whose answer it is.
 */
export const failureRules: readonly FailureRule[] = [
  // No money: no pause fills an account.
  // platform.openai.com/docs/guides/error-codes; docs.claude.com/en/api/errors (billing_error); platform.moonshot.ai
  {
    code: /^(insufficient_quota|billing_\w+|account_deactivated|exceeded_current_quota_error)$/i,
    kind: "misconfigured",
  },
  // The same code of OpenAI where a relay only kept the words.
  { status: [429], text: /\binsufficient_quota\b/i, kind: "misconfigured" },
  // Anthropic: an empty balance and a spend limit are answered with 400 invalid_request_error.
  {
    status: [400, 403, 429],
    text: /credit balance is too low|reached your specified API usage limits/i,
    kind: "misconfigured",
  },
  // docs.x.ai: 403 or 429 for a team without credits. Google: prepaid credits of the Gemini API.
  {
    status: [403, 429],
    text: /used all available credits|monthly spending limit|credits are depleted/i,
    kind: "misconfigured",
  },
  // platform.minimax.io: status_code 1008 in the body of a 200. api-docs.deepseek.com: 402.
  { status: [200, 402], text: /insufficient (account )?balance/i, kind: "misconfigured" },

  // No such key, account or region.
  // ai.google.dev/gemini-api/docs/troubleshooting: 400 INVALID_ARGUMENT with the reason API_KEY_INVALID; 400 FAILED_PRECONDITION.
  { code: /^API_KEY_(INVALID|EXPIRED|SERVICE_BLOCKED)$/, kind: "misconfigured" },
  {
    status: [400],
    text: /API key (not valid|expired)|User location is not supported/i,
    kind: "misconfigured",
  },
  // docs.x.ai/docs/key-information/debugging: 400 for a wrong key.
  { status: [400], text: /Incorrect API key provided/i, kind: "misconfigured" },
  // console.groq.com (organization_restricted) and Anthropic: 400 for a closed account.
  { code: /^organization_(restricted|disabled)$/i, kind: "misconfigured" },
  { status: [400], text: /organization has been (disabled|restricted)/i, kind: "misconfigured" },
  // docs.aws.amazon.com/bedrock: errors of signing and of temporary keys, some of them with 400.
  {
    code: /^(ExpiredToken|UnrecognizedClient|InvalidSignature|AccessDenied|IncompleteSignature)(Exception)?$/,
    kind: "misconfigured",
  },

  // No such model, or not for this use.
  // OpenAI, Groq, Mistral (400 invalid_model), Azure (404 DeploymentNotFound, 400 OperationNotSupported).
  {
    code: /^(model_not_found|invalid_model|unknown_model|model_decommissioned|model_terms_required|DeploymentNotFound|OperationNotSupported)$/i,
    kind: "unknown_model",
  },
  // OpenRouter; Bedrock (ValidationException); Ollama.
  {
    status: [400],
    text: /is not a valid model ID|model identifier is invalid|on-demand throughput isn.t supported|" does not support (chat|generate|completion)/i,
    kind: "unknown_model",
  },

  // This request, whoever answers with which status.
  // Azure (content_filter, ResponsibleAIPolicyViolation), OpenAI (invalid_prompt, context_length_exceeded), Alibaba.
  {
    code: /^(content_filter|content_policy_violation|ResponsibleAIPolicyViolation|invalid_prompt|data_inspection_failed|context_length_exceeded|string_above_max_length)$/i,
    kind: "rejected",
  },
  // openrouter.ai/docs/api-reference/errors: 403 for flagged input. docs.x.ai: 403 for a breach of its guidelines.
  {
    status: [403],
    text: /input was flagged|requires moderation|violates? (our )?usage guidelines|SAFETY_CHECK/i,
    kind: "rejected",
  },

  // Too many requests. console.groq.com: 413 for a request above the tokens per minute.
  // docs.aws.amazon.com/bedrock: ThrottlingException, ServiceQuotaExceededException (400), ModelNotReadyException (429).
  { code: /^ModelNotReadyException$/, kind: "unavailable" },
  {
    code: /^(rate_limit\w*|too_many_requests|RESOURCE_EXHAUSTED|Throttling(Exception)?|TooManyRequestsException|ServiceQuotaExceededException)$/i,
    kind: "rate_limited",
  },

  // The model failed, not the request. console.groq.com/docs/errors: json_validate_failed and tool_use_failed with 400.
  { code: /^(json_validate_failed|tool_use_failed)$/, kind: "bad_response" },

  // In a stream, or in the body of a 200, the service's word stands in for a status.
  {
    status: [200, "none"],
    code: /^(invalid_api_key|authentication_error|permission_(error|denied)|unauthenticated)$/i,
    kind: "misconfigured",
  },
  { status: [200, "none"], code: /^not_found(_error)?$/i, kind: "unknown_model" },
  {
    status: [200, "none"],
    code: /^(invalid_request(_error)?|invalid_argument|request_too_large)$/i,
    kind: "rejected",
  },
  {
    status: [200, "none"],
    code: /overloaded|unavailable|server_error|internal|api_error|timeout/i,
    kind: "unavailable",
  },
  { status: [200], text: /\brate limit/i, kind: "rate_limited" },
];

/** What a status means for a question to a model, where that differs from what it means for any request. */
export const statusRules: ReadonlyMap<number, RuledKind> = new Map<number, RuledKind>([
  // The path exists, but takes no questions: a wrong address.
  [405, "misconfigured"],
  // A question changes nothing, so it can be repeated.
  [409, "unavailable"],
  // docs.aws.amazon.com/bedrock: ModelErrorException, the model failed while it worked on the request.
  [424, "unavailable"],
  // Not for this country.
  [451, "misconfigured"],
  // console.groq.com/docs/errors: the capacity of the flex tier is used up.
  [498, "unavailable"],
  // cloud.google.com/apis/design/errors: CANCELLED.
  [499, "unavailable"],
]);
