import type { Route } from "@atlas/routing";
import type { LLMUsage } from "./runtime.ts";

/** What each code of the llm package carries in `details`; `docs/errors.md` says what to do. */
export interface LLMErrorDetails {
  ATLAS_LLM_ALL_FAILED: { readonly profile: string };
  ATLAS_LLM_BAD_RESPONSE: ProviderDetails;
  ATLAS_LLM_CASSETTE_INVALID: { readonly path: string; readonly at: string };
  ATLAS_LLM_CASSETTE_MISMATCH: {
    readonly path: string;
    /** The first difference between the call and the recorded one that is most like it: `messages[1].content`. */
    readonly at: string;
    readonly expected: string;
    readonly got: string;
  };
  ATLAS_LLM_CASSETTE_MISSING: { readonly path: string };
  ATLAS_LLM_CASSETTE_UNWRITTEN: { readonly path: string };
  ATLAS_LLM_FAILED: ProviderDetails;
  ATLAS_LLM_INSTRUCTIONS_ROOT: { readonly root: string };
  ATLAS_LLM_MISCONFIGURED: ProviderDetails;
  ATLAS_LLM_OBJECT_INVALID: {
    readonly text: string;
    /** Where the answer does not fit, and why. */
    readonly issues: readonly string[];
    /** The tokens that the failed answers cost all the same. */
    readonly usage?: LLMUsage;
  };
  ATLAS_LLM_RATE_LIMITED: ProviderDetails;
  ATLAS_LLM_REJECTED: ProviderDetails;
  ATLAS_LLM_SKILL_UNKNOWN: { readonly skill: string; readonly nearest?: string };
  ATLAS_LLM_TIMED_OUT: ProviderDetails;
  ATLAS_LLM_TRUNCATED: ProviderDetails & { readonly text: string };
  ATLAS_LLM_UNAVAILABLE: ProviderDetails;
}

/** What a provider said of its failure. */
export interface ProviderDetails {
  readonly provider: string;
  readonly model?: string;
  /** The HTTP status, as it came. */
  readonly status?: number;
  /** The provider's own code for the failure, as it came. */
  readonly providerCode?: string;
  /** How long the provider asked to be left alone. */
  readonly retryAfterMs?: number;
}

/** Every code of an `LLMError`. */
export type LLMErrorCode = keyof LLMErrorDetails;

const retryable: ReadonlySet<string> = new Set<LLMErrorCode>([
  "ATLAS_LLM_ALL_FAILED",
  "ATLAS_LLM_BAD_RESPONSE",
  "ATLAS_LLM_RATE_LIMITED",
  "ATLAS_LLM_TIMED_OUT",
  "ATLAS_LLM_TRUNCATED",
  "ATLAS_LLM_UNAVAILABLE",
]);

/** Every failure that asking a model reports. Branch on `code`; narrow `details` with {@link isLLMError}. */
export class LLMError<Code extends LLMErrorCode = LLMErrorCode> extends Error {
  override readonly name = "LLMError";
  readonly code: Code;
  /** True where the same call may succeed later without any change to it. */
  readonly retryable: boolean;
  readonly details: LLMErrorDetails[Code];
  /** Who was tried, in order, and what came of it; present where a router chose. */
  readonly route?: Route;

  constructor(
    code: Code,
    details: LLMErrorDetails[Code],
    message: string,
    options: { readonly cause?: unknown; readonly route?: Route } = {},
  ) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = retryable.has(code);
    this.details = details;
    if (options.route !== undefined) this.route = options.route;
  }
}

/** True for an `LLMError`; with a `code`, for that code only, and `details` is then typed by it. */
export function isLLMError(error: unknown): error is LLMError;
export function isLLMError<Code extends LLMErrorCode>(error: unknown, code: Code): error is LLMError<Code>;
export function isLLMError(error: unknown, code?: LLMErrorCode): boolean {
  return error instanceof LLMError && (code === undefined || error.code === code);
}
