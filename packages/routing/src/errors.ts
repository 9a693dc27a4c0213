/** The `details` of each code; `docs/errors.md` says what to do. */
export interface RoutingErrorDetails {
  ATLAS_ROUTING_CONFIG_INVALID: {
    /** The place of the first problem, such as `llm.profiles.fast[1]`; empty for the whole file. */
    readonly path: string;
    /** Every problem, each with its place. */
    readonly problems: readonly string[];
  };
  ATLAS_ROUTING_PROFILE_UNKNOWN: {
    readonly profile: string;
    readonly known: readonly string[];
    readonly nearest?: string;
  };
}

/** Every code of a `RoutingError`. */
export type RoutingErrorCode = keyof RoutingErrorDetails;

// One symbol for every copy of this package in a process. `instanceof` fails for an error that another copy made.
const brand = Symbol.for("@atlas/routing.RoutingError");

/** A mistake in a routing configuration or in a call. Branch on `code`; {@link isRoutingError} types `details` by it. */
export class RoutingError<Code extends RoutingErrorCode = RoutingErrorCode> extends Error {
  override readonly name = "RoutingError";
  readonly code: Code;
  /** Always false: only another configuration or another call can succeed. */
  readonly retryable = false;
  readonly details: RoutingErrorDetails[Code];

  constructor(code: Code, details: RoutingErrorDetails[Code], message: string) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
// Not in a static block: the build renames a class whose body names it, and stack traces would show that name.
Object.defineProperty(RoutingError.prototype, brand, { value: true });

/**
 * Tells whether a value is a `RoutingError`. With a `code`, it must also have that code, and `details` is typed by it.
 * Recognises errors of every copy of this package that the process has loaded.
 *
 * @example
 * ```ts
 * const error: unknown = new RoutingError(
 *   "ATLAS_ROUTING_PROFILE_UNKNOWN",
 *   { profile: "fats", known: ["fast"], nearest: "fast" },
 *   'There is no profile "fats".',
 * );
 * assert.equal(isRoutingError(error, "ATLAS_ROUTING_PROFILE_UNKNOWN") && error.details.nearest, "fast");
 * ```
 */
export function isRoutingError(error: unknown): error is RoutingError;
export function isRoutingError<Code extends RoutingErrorCode>(
  error: unknown,
  code: Code,
): error is RoutingError<Code>;
export function isRoutingError(error: unknown, code?: RoutingErrorCode): boolean {
  if (typeof error !== "object" || error === null || !(brand in error)) return false;
  return code === undefined || ("code" in error && error.code === code);
}
