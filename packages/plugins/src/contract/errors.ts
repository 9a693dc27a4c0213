/** What each code of the plugins package carries in `details`; `docs/errors.md` says what to do. */
export interface PluginErrorDetails {
  ATLAS_PLUGINS_CANCELLED: { readonly id: string };
  ATLAS_PLUGINS_CONTEXT_ENDED: { readonly plugin: string };
  ATLAS_PLUGINS_CRASH_LOOP: { readonly id: string; readonly recoveries: number };
  ATLAS_PLUGINS_EVENT_TOO_DEEP: { readonly id: string; readonly depth: number };
  ATLAS_PLUGINS_FEED_INVALID: { readonly origin: string; readonly line?: number };
  ATLAS_PLUGINS_FILE_NAME_INVALID: { readonly artifact: string };
  ATLAS_PLUGINS_FOLDER_UNREADABLE: { readonly path: string };
  ATLAS_PLUGINS_GIT_FAILED: { readonly path: string };
  ATLAS_PLUGINS_HTTP_FAILED: { readonly origin: string; readonly status?: number };
  ATLAS_PLUGINS_HTTP_REFUSED: { readonly origin: string; readonly status?: number };
  ATLAS_PLUGINS_INPUT_INVALID: { readonly workflow_id: string; readonly path: string };
  ATLAS_PLUGINS_JOB_NOT_FAILED: { readonly id: string; readonly status: string };
  ATLAS_PLUGINS_JOB_NOT_FOUND: { readonly id: string };
  ATLAS_PLUGINS_SINK_UNKNOWN: { readonly id: string; readonly nearest?: string };
  ATLAS_PLUGINS_SOURCE_UNKNOWN: { readonly id: string; readonly nearest?: string };
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
  ATLAS_PLUGINS_WORKFLOW_UNKNOWN: { readonly id: string; readonly nearest?: string };
}

/** Every code of a `PluginError`. */
export type PluginErrorCode = keyof PluginErrorDetails;

// The outside world may be in order again later; the other codes need another call.
const retryable: ReadonlySet<PluginErrorCode> = new Set<PluginErrorCode>([
  "ATLAS_PLUGINS_FEED_INVALID",
  "ATLAS_PLUGINS_FOLDER_UNREADABLE",
  "ATLAS_PLUGINS_GIT_FAILED",
  "ATLAS_PLUGINS_HTTP_FAILED",
  "ATLAS_PLUGINS_STOPPING",
  "ATLAS_PLUGINS_SUSPENDED",
  "ATLAS_PLUGINS_TIMEOUT",
  "ATLAS_PLUGINS_TOO_MANY_COMMANDS",
]);

/** Every failure that the plugins package itself reports. Branch on `code`. */
export class PluginError<Code extends PluginErrorCode = PluginErrorCode> extends Error {
  override readonly name = "PluginError";
  readonly code: Code;
  /** True where the same may succeed later without any change to it. */
  readonly retryable: boolean;
  readonly details: PluginErrorDetails[Code];
  /** How long whoever was asked wants to be left alone, in milliseconds. */
  readonly retryAfterMs?: number;

  constructor(
    code: Code,
    details: PluginErrorDetails[Code],
    message: string,
    options: ErrorOptions & { readonly retryAfterMs?: number | undefined } = {},
  ) {
    const { retryAfterMs, ...errorOptions } = options;
    super(message, errorOptions);
    this.code = code;
    this.retryable = retryable.has(code);
    this.details = details;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}

/** Why a plugin's call is ended when the gateway stops. */
export function stopping(): PluginError {
  return new PluginError("ATLAS_PLUGINS_STOPPING", {}, "The gateway is stopping.");
}
