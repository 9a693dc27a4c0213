/** How an error of Atlas is sent. */
export interface CodedAnswer {
  readonly status: number;
  /** True where its message may be sent: it speaks of the request, not of the server's disk. */
  readonly isOpen: boolean;
  readonly retryAfterSeconds?: number;
}

// What the endings below do not say, or would say wrongly.
const STATUSES: Readonly<Record<string, number>> = {
  // What the request holds is wrong.
  ATLAS_CORE_COMMAND_INVALID: 400,
  ATLAS_CORE_CURSOR_INVALID: 400,
  ATLAS_CORE_JSON_INVALID: 400,
  ATLAS_LLM_REJECTED: 400,
  ATLAS_LLM_SKILL_UNKNOWN: 400,
  ATLAS_PLUGINS_BATCH_DOOR: 400,
  ATLAS_CORE_COMMAND_TOO_LARGE: 413,
  // It is well-formed, and does not fit the workflow that it is for.
  ATLAS_PLUGINS_ANSWER_INVALID: 422,
  ATLAS_PLUGINS_BATCH_KEY_INVALID: 422,
  ATLAS_PLUGINS_GROUP_KEY_INVALID: 422,
  ATLAS_PLUGINS_INPUT_INVALID: 422,
  ATLAS_LLM_RATE_LIMITED: 429,
  ATLAS_HARNESS_RATE_LIMITED: 429,
  // What the server has is wrong.
  ATLAS_CORE_ADMIT_FAILED: 500,
  ATLAS_CORE_BACKUP_INVALID: 500,
  ATLAS_CORE_BUNDLED: 500,
  ATLAS_CORE_COMMAND_UNKNOWN: 500,
  ATLAS_CORE_DATABASE_CORRUPT: 500,
  ATLAS_CORE_HANDLER_FAILED: 500,
  ATLAS_GATEWAY_EXTENSION_FAILED: 500,
  ATLAS_PLUGINS_CURSOR_INVALID: 500,
  ATLAS_ROUTING_CONFIG_INVALID: 500,
  // What the server asked is wrong.
  ATLAS_HARNESS_FAILED: 502,
  ATLAS_HARNESS_MISCONFIGURED: 502,
  ATLAS_HARNESS_UNAVAILABLE: 502,
  ATLAS_LLM_BAD_RESPONSE: 502,
  ATLAS_LLM_FAILED: 502,
  ATLAS_LLM_MISCONFIGURED: 502,
  ATLAS_LLM_OBJECT_INVALID: 502,
  ATLAS_LLM_TRUNCATED: 502,
  ATLAS_PLUGINS_FEED_INVALID: 502,
  ATLAS_PLUGINS_FOLDER_UNREADABLE: 502,
  ATLAS_PLUGINS_GIT_FAILED: 502,
  ATLAS_PLUGINS_HTTP_FAILED: 502,
  ATLAS_PLUGINS_HTTP_REFUSED: 502,
  ATLAS_PLUGINS_TOO_MANY_REFUSED: 502,
  ATLAS_HARNESS_TIMED_OUT: 504,
  ATLAS_LLM_TIMED_OUT: 504,
  ATLAS_PLUGINS_TIMEOUT: 504,
  // Nothing is wrong with the request: the gateway does not run, or not any more.
  ATLAS_CORE_STOPPED: 503,
  ATLAS_PLUGINS_NOT_STARTED: 503,
};

// The message of these names a file, a statement or what the disk said.
const CLOSED: ReadonlySet<string> = new Set([
  "ATLAS_CORE_ADMIT_FAILED",
  "ATLAS_CORE_BACKUP_INVALID",
  "ATLAS_CORE_BUNDLED",
  "ATLAS_CORE_CONSTRAINT",
  "ATLAS_CORE_COPY_FAILED",
  "ATLAS_CORE_DATABASE_CORRUPT",
  "ATLAS_CORE_DATABASE_FOREIGN",
  "ATLAS_CORE_DATABASE_IN_USE",
  "ATLAS_CORE_DATABASE_NEWER",
  "ATLAS_CORE_DATABASE_PATH",
  "ATLAS_CORE_FILE_EXISTS",
  "ATLAS_CORE_HANDLER_FAILED",
  "ATLAS_CORE_STORAGE_BUSY",
  "ATLAS_CORE_STORAGE_FAILED",
  "ATLAS_CORE_STORAGE_FULL",
  "ATLAS_GATEWAY_EXTENSION_FAILED",
  "ATLAS_PLUGINS_FOLDER_UNREADABLE",
  "ATLAS_PLUGINS_GIT_FAILED",
  "ATLAS_ROUTING_CONFIG_INVALID",
]);

// These hold what an agent printed, or where it worked.
const CLOSED_PREFIX = "ATLAS_HARNESS_";

/** The status for a code of Atlas. */
export function statusOf(code: string, retryable: boolean): CodedAnswer {
  const status = STATUSES[code] ?? byEnding(code, retryable);
  const isOpen = !CLOSED.has(code) && !code.startsWith(CLOSED_PREFIX);
  return status === 503 || status === 429 ? { status, isOpen, retryAfterSeconds: 1 } : { status, isOpen };
}

function byEnding(code: string, retryable: boolean): number {
  if (code.endsWith("_NOT_FOUND") || code.endsWith("_UNKNOWN")) return 404;
  if (retryable) return 503;
  // An agent's or a model's own failure. Whatever else Atlas refuses does not fit the state that it is in.
  return /^ATLAS_(?:HARNESS|LLM)_/.test(code) ? 502 : 409;
}
