/** The `details` of each error code of this package; `docs/errors.md` says what to do about each. */
export interface GatewayErrorDetails {
  ATLAS_GATEWAY_EXTENSION_FAILED: { readonly extension: string; readonly during: ExtensionPhase };
  ATLAS_GATEWAY_TOKEN_NAME_TAKEN: { readonly name: string };
  ATLAS_GATEWAY_TOKEN_NOT_FOUND: { readonly id: string };
  ATLAS_HTTP_TOKEN_REQUIRED: { readonly host: string };
}

/** What an extension was asked to do when it failed. */
export type ExtensionPhase = "provide" | "admit" | "llm" | "around" | "harness" | "routes" | "start";

/** The code of a `GatewayError`. */
export type GatewayErrorCode = keyof GatewayErrorDetails;

// One symbol for every copy of this package in a process. `instanceof` fails for an error that another copy made.
const brand = Symbol.for("@atlas/gateway.GatewayError");

/** Every failure that the gateway itself reports. Branch on `code`; recognise one with {@link isGatewayError}. */
export class GatewayError<Code extends GatewayErrorCode = GatewayErrorCode> extends Error {
  override readonly name = "GatewayError";
  readonly code: Code;
  /** True when the same call may succeed later without any change to it. */
  readonly retryable = false;
  readonly details: GatewayErrorDetails[Code];

  constructor(code: Code, details: GatewayErrorDetails[Code], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}
// Not in a static block: the build renames a class whose body names it, and stack traces would show that name.
Object.defineProperty(GatewayError.prototype, brand, { value: true });

/**
 * True for a `GatewayError`, also for one from another installed copy of this package. With a `code` it is true for that code only,
 * and TypeScript then knows the type of `details`.
 *
 * @example
 * ```ts
 * const broken = defineExtension({ name: "broken", provide: () => { throw new Error("No key."); } });
 * const error = await createGateway({ database: ":memory:", extensions: [broken] }).catch((thrown: unknown) => thrown);
 * assert.ok(isGatewayError(error, "ATLAS_GATEWAY_EXTENSION_FAILED") && error.details.extension === "broken");
 * ```
 */
export function isGatewayError(error: unknown): error is GatewayError;
export function isGatewayError<Code extends GatewayErrorCode>(
  error: unknown,
  code: Code,
): error is GatewayError<Code>;
export function isGatewayError(error: unknown, code?: GatewayErrorCode): boolean {
  if (typeof error !== "object" || error === null || !(brand in error)) return false;
  return code === undefined || ("code" in error && error.code === code);
}

/** The error that names the extension which failed. */
export function extensionFailed(extension: string, during: ExtensionPhase, cause: unknown): GatewayError {
  return new GatewayError(
    "ATLAS_GATEWAY_EXTENSION_FAILED",
    { extension, during },
    `The extension "${extension}" failed in "${during}": ${messageOf(cause)} Correct the extension or its options, or remove it.`,
    { cause },
  );
}

function messageOf(cause: unknown): string {
  try {
    const text = cause instanceof Error ? cause.message : String(cause);
    return /[.!?]$/.test(text) ? text : `${text}.`;
  } catch {
    return "it threw a value that cannot be read.";
  }
}
