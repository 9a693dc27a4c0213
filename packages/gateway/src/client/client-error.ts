import type { Problem } from "./records.ts";

/** What the client itself reports. Everything else has the code of the server's problem. */
export type ClientErrorCode =
  /** No answer: the server is not there, or the connection broke. */
  | "ATLAS_CLIENT_UNREACHABLE"
  /** An answer that is not one of an Atlas server, such as a proxy's page. */
  | "ATLAS_CLIENT_ANSWER_UNKNOWN"
  /** Events were pruned before the client has had them. */
  | "ATLAS_CLIENT_EVENTS_MISSED";

// One symbol for every copy of this package in a process. `instanceof` fails for an error that another copy made.
const brand = Symbol.for("@atlas/gateway.ClientError");

/** Every failure of a call. Branch on `code`; recognise one with {@link isClientError}. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  /** The code of the server's problem, such as `ATLAS_PLUGINS_WORKFLOW_UNKNOWN`, or a {@link ClientErrorCode}. */
  readonly code: string;
  /** The status of the answer; 0 without an answer. */
  readonly status: number;
  /** What the server said; absent where it said nothing that can be read. */
  readonly problem?: Problem;
  /** Names the request in the log of the server. */
  readonly requestId?: string;
  /** True when the same call may succeed later without any change to it. */
  readonly retryable: boolean;
  /** The pause that the server asked for, in milliseconds; absent where it asked for none. */
  readonly retryAfterMs?: number;

  constructor(
    code: string,
    message: string,
    options: ErrorOptions & {
      readonly status: number;
      readonly problem?: Problem | undefined;
      readonly requestId?: string | undefined;
      readonly retryAfterMs?: number | undefined;
    },
  ) {
    const { status, problem, requestId, retryAfterMs, ...errorOptions } = options;
    super(message, errorOptions);
    this.code = code;
    this.status = status;
    this.retryable = isPassing(code, status);
    if (problem !== undefined) this.problem = problem;
    if (requestId !== undefined) this.requestId = requestId;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}
// Not in a static block: the build renames a class whose body names it, and stack traces would show that name.
Object.defineProperty(ClientError.prototype, brand, { value: true });

const BUSY: readonly number[] = [429, 503];

/** No server, a busy one, or one that still answers the first request with this key. */
function isPassing(code: string, status: number): boolean {
  return code === "ATLAS_CLIENT_UNREACHABLE" || code === "ATLAS_HTTP_KEY_IN_USE" || BUSY.includes(status);
}

/**
 * True for a `ClientError`, also for one from another installed copy of this package. With a `code` it is true for that code only.
 *
 * @example
 * ```ts
 * const client = createClient({ url: "http://127.0.0.1:9", retries: 0 });
 * const error = await client.health.live().catch((thrown: unknown) => thrown);
 * assert.ok(isClientError(error, "ATLAS_CLIENT_UNREACHABLE"));
 * ```
 */
export function isClientError(error: unknown, code?: string): error is ClientError {
  if (typeof error !== "object" || error === null || !(brand in error)) return false;
  return code === undefined || ("code" in error && error.code === code);
}
