/** What each code of the routing package carries in `details`; `docs/errors.md` says what to do. */
export interface RoutingErrorDetails {
  ATLAS_ROUTING_CONFIG_INVALID: {
    /** Where the first problem is, such as `llm.profiles.fast[1]`; empty for the whole file. */
    readonly path: string;
    /** Every problem, each with its path. */
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

/** What is wrong with a routing configuration, or with a question to it. Branch on `code`. */
export class RoutingError<Code extends RoutingErrorCode = RoutingErrorCode> extends Error {
  override readonly name = "RoutingError";
  readonly code: Code;
  /** Never true: each of these needs another configuration or another call. */
  readonly retryable = false;
  readonly details: RoutingErrorDetails[Code];

  constructor(code: Code, details: RoutingErrorDetails[Code], message: string) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
