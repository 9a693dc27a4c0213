/** The `details` of each error code of this package; `docs/errors.md` says what to do about each. */
export interface PluginErrorDetails {
  ATLAS_PLUGINS_ANSWER_INVALID: { readonly id: string; readonly name: string; readonly path: string };
  ATLAS_PLUGINS_BATCH_CLOSED: { readonly id?: string };
  ATLAS_PLUGINS_BATCH_DOOR: { readonly workflow_id: string; readonly door: string };
  ATLAS_PLUGINS_BATCH_KEY_INVALID: { readonly workflow_id: string; readonly field: string };
  ATLAS_PLUGINS_CALL_CHANGED: { readonly id: string; readonly method: string; readonly number: number };
  ATLAS_PLUGINS_CANCELLED: { readonly id: string };
  ATLAS_PLUGINS_CONTEXT_ENDED: { readonly plugin: string };
  ATLAS_PLUGINS_CRASH_LOOP: { readonly id: string; readonly recoveries: number };
  ATLAS_PLUGINS_CURSOR_INVALID: { readonly id: string; readonly path: string };
  ATLAS_PLUGINS_DEADLINE: { readonly id: string; readonly deadline_at: string };
  ATLAS_PLUGINS_DELIVERY_INVALID: { readonly id: string };
  ATLAS_PLUGINS_DELIVERY_REFUSED: { readonly id: string; readonly reason: string };
  ATLAS_PLUGINS_EVENT_TOO_DEEP: { readonly id: string; readonly depth: number };
  ATLAS_PLUGINS_FEED_INVALID: { readonly origin: string; readonly line?: number };
  ATLAS_PLUGINS_FILE_NAME_INVALID: { readonly artifact: string };
  ATLAS_PLUGINS_FOLDER_UNREADABLE: { readonly path: string };
  ATLAS_PLUGINS_GIT_FAILED: { readonly path: string };
  ATLAS_PLUGINS_GROUP_KEY_INVALID: { readonly workflow_id: string };
  ATLAS_PLUGINS_HTTP_FAILED: { readonly origin: string; readonly status?: number };
  ATLAS_PLUGINS_HTTP_REFUSED: { readonly origin: string; readonly status?: number };
  ATLAS_PLUGINS_INPUT_INVALID: {
    readonly workflow_id: string;
    readonly path: string;
    /** Which input of a batch it is. */
    readonly number?: number;
  };
  ATLAS_PLUGINS_JOB_NOT_DELAYED: { readonly id: string; readonly status: string };
  ATLAS_PLUGINS_JOB_NOT_FAILED: { readonly id: string; readonly status: string };
  ATLAS_PLUGINS_JOB_NOT_FOUND: { readonly id: string };
  ATLAS_PLUGINS_KEY_CONFLICT: {
    readonly id: string;
    readonly workflow_id: string;
    readonly key: string;
    readonly path: string;
  };
  ATLAS_PLUGINS_KEY_ENDED: {
    readonly id: string;
    readonly workflow_id: string;
    readonly key: string;
    readonly status: string;
  };
  ATLAS_PLUGINS_KEY_REUSED: { readonly id: string; readonly key: string };
  ATLAS_PLUGINS_KEY_TAKEN: { readonly workflow_id: string; readonly key: string };
  ATLAS_PLUGINS_NOT_STARTED: { readonly id: string };
  ATLAS_PLUGINS_NOT_WAITING: { readonly id: string };
  ATLAS_PLUGINS_RESULT_INVALID: { readonly id: string; readonly path: string };
  ATLAS_PLUGINS_RESULT_TOO_LARGE: {
    readonly id: string;
    readonly sizeBytes: number;
    readonly limitBytes: number;
  };
  ATLAS_PLUGINS_SCHEDULE_CHANGED: { readonly id: string };
  ATLAS_PLUGINS_SINK_UNKNOWN: { readonly id: string; readonly nearest?: string };
  ATLAS_PLUGINS_SOURCE_BUSY: { readonly id: string; readonly since: string };
  ATLAS_PLUGINS_SOURCE_NOT_RECEIVING: { readonly id: string };
  ATLAS_PLUGINS_SOURCE_PAUSED: { readonly id: string };
  ATLAS_PLUGINS_SOURCE_UNKNOWN: { readonly id: string; readonly nearest?: string };
  ATLAS_PLUGINS_SPAWN_TOO_DEEP: { readonly id: string; readonly depth: number; readonly limit: number };
  ATLAS_PLUGINS_STEP_INVALID: { readonly name: string; readonly path: string };
  ATLAS_PLUGINS_STEP_REUSED: { readonly name: string };
  ATLAS_PLUGINS_STEP_TOO_LARGE: {
    readonly name: string;
    readonly sizeBytes: number;
    readonly limitBytes: number;
  };
  ATLAS_PLUGINS_STOPPING: Record<never, never>;
  ATLAS_PLUGINS_SUSPENDED: { readonly id: string; readonly step: string };
  ATLAS_PLUGINS_TIMEOUT: { readonly plugin: string; readonly timeoutMs: number };
  ATLAS_PLUGINS_TOO_MANY_COMMANDS: { readonly plugin: string; readonly limit: number };
  ATLAS_PLUGINS_TOO_MANY_REFUSED: {
    readonly source: string;
    readonly limit: number;
    readonly code: string;
  };
  ATLAS_PLUGINS_VERSION_CHANGED: {
    readonly id: string;
    readonly workflow_id: string;
    readonly from: number;
    readonly to: number;
  };
  ATLAS_PLUGINS_WAIT_CIRCLE: { readonly id: string; readonly path: readonly string[] };
  ATLAS_PLUGINS_WAIT_REUSED: { readonly name: string };
  ATLAS_PLUGINS_WORKFLOW_UNKNOWN: { readonly id: string; readonly nearest?: string };
}

/** The codes of this package. Plugins choose their own beside them. */
export type PluginErrorCode = keyof PluginErrorDetails;

// The outside world may recover without any change to the call; every other code needs another call.
const retryable: ReadonlySet<string> = new Set<PluginErrorCode>([
  "ATLAS_PLUGINS_BATCH_CLOSED",
  "ATLAS_PLUGINS_FEED_INVALID",
  "ATLAS_PLUGINS_FOLDER_UNREADABLE",
  "ATLAS_PLUGINS_GIT_FAILED",
  "ATLAS_PLUGINS_HTTP_FAILED",
  "ATLAS_PLUGINS_SOURCE_BUSY",
  "ATLAS_PLUGINS_STOPPING",
  "ATLAS_PLUGINS_SUSPENDED",
  "ATLAS_PLUGINS_TIMEOUT",
  "ATLAS_PLUGINS_TOO_MANY_COMMANDS",
  "ATLAS_PLUGINS_TOO_MANY_REFUSED",
]);

// One symbol for every copy of this package in a process. `instanceof` fails for an error that another copy made.
const brand = Symbol.for("@atlas/plugins.PluginError");

/**
 * Every failure that this package reports, and what a plugin may throw to say more than a message. Branch on `code`; recognise one with
 * {@link isPluginError}. A plugin chooses its own code, such as `CRM_QUOTA`, and says whether a retry can help (`retryable`, default: yes),
 * when (`retryAfterMs`) and about what it is (`details`, JSON of at most 4 KiB). All of this is stored in the job's `error`. Put no secret
 * into it.
 *
 * @example
 * ```ts
 * const error = new PluginError("CRM_QUOTA", { account: "a1" }, 'The quota of the account "a1" is used up.', {
 *   retryAfterMs: 60_000,
 * });
 * assert.ok(error.retryable);
 * assert.ok(isPluginError(error, "CRM_QUOTA") && error.details.account === "a1");
 * ```
 */
export class PluginError<
  Code extends string = string,
  Details extends object = DetailsOf<Code>,
> extends Error {
  override readonly name = "PluginError";
  /** One of {@link PluginErrorCode}, or a plugin's own. */
  readonly code: Code;
  /** True when the same call may succeed later without any change to it. */
  readonly retryable: boolean;
  readonly details: Details;
  /** The pause that the other side asked for before the next call, in milliseconds. */
  readonly retryAfterMs?: number;

  constructor(
    code: Code,
    details: Details,
    message: string,
    options: ErrorOptions & {
      /** Default: true for a plugin's own code. */
      readonly retryable?: boolean | undefined;
      /** Default: the retry policy alone decides. */
      readonly retryAfterMs?: number | undefined;
    } = {},
  ) {
    const { retryAfterMs, retryable: mayRetry, ...errorOptions } = options;
    super(message, errorOptions);
    this.code = code;
    this.retryable = mayRetry ?? (retryable.has(code) || !code.startsWith("ATLAS_"));
    this.details = details;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}
// Not in a static block: the build renames a class whose body names it, and stack traces would show that name.
Object.defineProperty(PluginError.prototype, brand, { value: true });

type DetailsOf<Code extends string> = Code extends PluginErrorCode
  ? PluginErrorDetails[Code]
  : Readonly<Record<string, unknown>>;

/**
 * True for a `PluginError`, also for one from another installed copy of this package. With a `code` it is true for that code only,
 * and TypeScript then knows the type of `details`.
 *
 * @example
 * ```ts
 * const error: unknown = new PluginError("ATLAS_PLUGINS_JOB_NOT_FOUND", { id: "j1" }, 'There is no job "j1".');
 * assert.ok(isPluginError(error, "ATLAS_PLUGINS_JOB_NOT_FOUND") && error.details.id === "j1");
 * ```
 */
export function isPluginError(error: unknown): error is PluginError;
export function isPluginError<Code extends string>(
  error: unknown,
  code: Code | PluginErrorCode,
): error is PluginError<Code>;
export function isPluginError(error: unknown, code?: string): boolean {
  if (typeof error !== "object" || error === null || !(brand in error)) return false;
  return code === undefined || ("code" in error && error.code === code);
}

/** The reason of `ctx.signal` when the gateway stops. */
export function stopping(): PluginError {
  return new PluginError(
    "ATLAS_PLUGINS_STOPPING",
    {},
    "The gateway is stopping. This call is repeated after the next start.",
  );
}
