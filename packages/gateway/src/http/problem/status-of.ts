/** How an error of Atlas is sent. */
export interface CodedAnswer {
  readonly status: number;
  /** True where its message may be sent: it speaks of the request, not of the server's disk. */
  readonly isOpen: boolean;
  readonly retryAfterSeconds?: number;
}

// What the endings below do not say, or would say wrongly.
const STATUSES: Readonly<Record<string, number>> = {
  ATLAS_CORE_COMMAND_TOO_LARGE: 413,
  ATLAS_CORE_COMMAND_ID_REUSED: 409,
  ATLAS_CORE_COMMAND_INVALID: 400,
  ATLAS_CORE_CONSTRAINT: 409,
  ATLAS_CORE_CURSOR_INVALID: 400,
  ATLAS_CORE_EPOCH_UNREACHABLE: 409,
  ATLAS_CORE_FILE_EXISTS: 409,
  ATLAS_CORE_HANDLER_FAILED: 500,
  ATLAS_CORE_JSON_INVALID: 400,
  ATLAS_CORE_ADMIT_FAILED: 500,
  ATLAS_PLUGINS_ANSWER_INVALID: 422,
  ATLAS_PLUGINS_BATCH_DOOR: 400,
  ATLAS_PLUGINS_BATCH_KEY_INVALID: 422,
  ATLAS_PLUGINS_CURSOR_INVALID: 500,
  ATLAS_PLUGINS_GROUP_KEY_INVALID: 422,
  ATLAS_PLUGINS_INPUT_INVALID: 422,
  ATLAS_PLUGINS_TOO_MANY_REFUSED: 502,
  ATLAS_PLUGINS_FEED_INVALID: 502,
  ATLAS_PLUGINS_FOLDER_UNREADABLE: 502,
  ATLAS_PLUGINS_GIT_FAILED: 502,
  ATLAS_PLUGINS_HTTP_FAILED: 502,
  ATLAS_PLUGINS_HTTP_REFUSED: 502,
  ATLAS_PLUGINS_TIMEOUT: 504,
  ATLAS_PLUGINS_SPAWN_TOO_DEEP: 409,
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
  "ATLAS_PLUGINS_FOLDER_UNREADABLE",
  "ATLAS_PLUGINS_GIT_FAILED",
]);

/** The status for a code of Atlas. */
export function statusOf(code: string, retryable: boolean): CodedAnswer {
  const status = STATUSES[code] ?? byEnding(code, retryable);
  const isOpen = !CLOSED.has(code);
  return status === 503 || status === 429 ? { status, isOpen, retryAfterSeconds: 1 } : { status, isOpen };
}

function byEnding(code: string, retryable: boolean): number {
  if (code.endsWith("_NOT_FOUND") || code.endsWith("_UNKNOWN")) return 404;
  return retryable ? 503 : 409;
}
