/** What each code of the plugins package carries in `details`; `docs/errors.md` says what to do. */
export interface PluginErrorDetails {
  ATLAS_PLUGINS_CONTEXT_ENDED: { readonly plugin: string };
  ATLAS_PLUGINS_JOB_NOT_FOUND: { readonly id: string };
  ATLAS_PLUGINS_SOURCE_UNKNOWN: { readonly id: string; readonly nearest?: string };
  ATLAS_PLUGINS_WORKFLOW_UNKNOWN: { readonly id: string; readonly nearest?: string };
}

/** Every code of a `PluginError`. */
export type PluginErrorCode = keyof PluginErrorDetails;

/** Every failure that the plugins package itself reports. Branch on `code`. */
export class PluginError<Code extends PluginErrorCode = PluginErrorCode> extends Error {
  override readonly name = "PluginError";
  readonly code: Code;
  /** Never true so far: each of these needs another call, not the same one later. */
  readonly retryable = false;
  readonly details: PluginErrorDetails[Code];

  constructor(code: Code, details: PluginErrorDetails[Code], message: string) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
