import type { Route } from "@atlas/routing";
import type { LLMUsage } from "./runtime.ts";

/** The `details` of each code; `docs/errors.md` says what to do. */
export interface LLMErrorDetails {
  ATLAS_LLM_ALL_FAILED: { readonly profile: string };
  ATLAS_LLM_BAD_RESPONSE: ProviderDetails;
  ATLAS_LLM_CASSETTE_INVALID: { readonly path: string; readonly at: string };
  ATLAS_LLM_CASSETTE_MISMATCH: {
    readonly path: string;
    /** The first difference from the most similar recorded call, such as `messages[1].content`. */
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
    /** Each place where the answer does not fit the schema, and why. */
    readonly issues: readonly string[];
    /** The tokens that the answers cost, although they could not be used. */
    readonly usage?: LLMUsage;
  };
  ATLAS_LLM_RATE_LIMITED: ProviderDetails;
  ATLAS_LLM_REJECTED: ProviderDetails & {
    /** The text that had arrived before a filter stopped the answer. */
    readonly text?: string;
  };
  ATLAS_LLM_SKILL_UNKNOWN: { readonly skill: string; readonly nearest?: string };
  ATLAS_LLM_TIMED_OUT: ProviderDetails;
  ATLAS_LLM_TRUNCATED: ProviderDetails & { readonly text: string };
  ATLAS_LLM_UNAVAILABLE: ProviderDetails;
}

/** What a provider said about its failure. */
export interface ProviderDetails {
  readonly provider: string;
  readonly model?: string;
  /** The HTTP status of the response. */
  readonly status?: number;
  /** The provider's own code for the failure. */
  readonly providerCode?: string;
  /** The pause that the provider asked for. */
  readonly retryAfterMs?: number;
  /** The tokens that the failed answer cost, if the provider said so. */
  readonly usage?: LLMUsage;
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

// One symbol for every copy of this package in a process. `instanceof` fails for an error that another copy made.
const brand = Symbol.for("@atlas/llm.LLMError");

/** Any failure that a call to a model reports. Branch on `code`; {@link isLLMError} types `details` by it. */
export class LLMError<Code extends LLMErrorCode = LLMErrorCode> extends Error {
  override readonly name = "LLMError";
  readonly code: Code;
  /** True if the same call may succeed later without any change to it. */
  readonly retryable: boolean;
  readonly details: LLMErrorDetails[Code];
  /** Which candidates were asked, in order, and how each attempt ended. Present where a router chose. */
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
// Not in a static block: the build renames a class whose body names it, and stack traces would show that name.
Object.defineProperty(LLMError.prototype, brand, { value: true });

/**
 * Tells whether a value is an `LLMError`. With a `code`, it must also have that code, and `details` is typed by it.
 * Recognises errors of every copy of this package that the process has loaded.
 *
 * @example
 * ```ts
 * const error: unknown = new LLMError("ATLAS_LLM_UNAVAILABLE", { provider: "house", status: 503 }, "Overloaded.");
 * assert.equal(isLLMError(error, "ATLAS_LLM_UNAVAILABLE") && error.details.status, 503);
 * ```
 */
export function isLLMError(error: unknown): error is LLMError;
export function isLLMError<Code extends LLMErrorCode>(error: unknown, code: Code): error is LLMError<Code>;
export function isLLMError(error: unknown, code?: LLMErrorCode): boolean {
  if (typeof error !== "object" || error === null || !(brand in error)) return false;
  return code === undefined || ("code" in error && error.code === code);
}
