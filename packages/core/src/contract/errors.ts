import type { Refusal } from "./refusal.ts";
import type { UnreachableReason } from "./unreachable-reason.ts";

/**
 * The `details` of each of core's codes. `docs/errors.md` says what each code means and what to do.
 * A refusal of a module or an `admit` hook has its own code and details instead.
 */
export interface CoreErrorDetails {
  ATLAS_CORE_ADMIT_FAILED: { readonly type: string };
  ATLAS_CORE_BACKUP_INVALID: { readonly path: string; readonly found: string };
  ATLAS_CORE_BUNDLED: { readonly path: string };
  ATLAS_CORE_COMMAND_UNKNOWN: { readonly type: string; readonly nearest?: string };
  ATLAS_CORE_COMMAND_INVALID: { readonly type: string; readonly path: string };
  ATLAS_CORE_COMMAND_TOO_LARGE: {
    readonly type: string;
    readonly sizeBytes: number;
    readonly limitBytes: number;
  };
  ATLAS_CORE_COMMAND_ID_REUSED: { readonly command_id: string };
  ATLAS_CORE_CONSTRAINT: { readonly type: string; readonly sqlite: string };
  ATLAS_CORE_COPY_FAILED: { readonly path: string; readonly reason: string };
  ATLAS_CORE_CURSOR_INVALID: { readonly cursor: string };
  ATLAS_CORE_DATABASE_CORRUPT: { readonly path: string; readonly found: string };
  ATLAS_CORE_DATABASE_FOREIGN: { readonly path: string };
  ATLAS_CORE_DATABASE_IN_USE: { readonly path: string; readonly pid?: number };
  ATLAS_CORE_DATABASE_NEWER: { readonly path: string; readonly module: string; readonly migration: string };
  ATLAS_CORE_DATABASE_PATH: { readonly path: string };
  ATLAS_CORE_EPOCH_UNREACHABLE: { readonly seq: number; readonly reason: UnreachableReason };
  ATLAS_CORE_FILE_EXISTS: { readonly path: string };
  ATLAS_CORE_HANDLER_FAILED: { readonly type: string };
  /** `ids`: the jobs that were to be moved together, and `id` is the first of them. */
  ATLAS_CORE_JOB_CONFLICT: {
    readonly id: string;
    readonly status: string;
    readonly ids?: readonly string[];
  };
  ATLAS_CORE_JSON_INVALID: { readonly path: string };
  ATLAS_CORE_MIGRATION_EDITED: { readonly module: string; readonly migration: string };
  ATLAS_CORE_MIGRATION_FAILED: { readonly module: string; readonly migration: string };
  ATLAS_CORE_NODE_UNSUPPORTED: { readonly found: string; readonly needed: string };
  ATLAS_CORE_NOT_FOUND: { readonly id: string };
  ATLAS_CORE_QUEUE_FULL: { readonly queued: number; readonly queuedBytes: number };
  ATLAS_CORE_READ_TIMEOUT: { readonly timeoutMs: number };
  ATLAS_CORE_SQLITE_UNSUPPORTED: { readonly found: string; readonly needed: string };
  ATLAS_CORE_STOPPED: Record<never, never>;
  ATLAS_CORE_STORAGE_BUSY: { readonly waitedMs: number; readonly outcome: "not applied" };
  ATLAS_CORE_STORAGE_FAILED: { readonly sqlite: string; readonly outcome: "not applied" | "unknown" };
  ATLAS_CORE_STORAGE_FULL: { readonly waitedMs: number; readonly outcome: "not applied" };
}

/** Every code that core itself gives to a `CoreError`. */
export type CoreErrorCode = keyof CoreErrorDetails;

const retryable: ReadonlySet<string> = new Set<CoreErrorCode>([
  "ATLAS_CORE_COPY_FAILED",
  "ATLAS_CORE_DATABASE_IN_USE",
  "ATLAS_CORE_QUEUE_FULL",
  "ATLAS_CORE_READ_TIMEOUT",
  "ATLAS_CORE_STORAGE_BUSY",
  "ATLAS_CORE_STORAGE_FAILED",
  "ATLAS_CORE_STORAGE_FULL",
]);

// One symbol for every copy of this package in a process. `instanceof` fails for an error that another copy made.
const brand = Symbol.for("@atlas/core.CoreError");

/** Any failure that core reports. Branch on `code`; {@link isCoreError} types `details` by it. */
export class CoreError<Code extends string = string> extends Error {
  override readonly name = "CoreError";
  /** One of {@link CoreErrorCode}, or the code with which a module or an `admit` hook refused a command. */
  readonly code: Code;
  /** True if the same call may succeed later without any change to it. */
  readonly retryable: boolean;
  readonly details: DetailsOf<Code>;

  constructor(code: Code, details: DetailsOf<Code>, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.retryable = retryable.has(code);
    this.details = details;
  }
}
// Not in a static block: the build renames a class whose body names it, and stack traces would show that name.
Object.defineProperty(CoreError.prototype, brand, { value: true });

type DetailsOf<Code extends string> = Code extends CoreErrorCode ? CoreErrorDetails[Code] : object;

/** The error that a refused command rejects with. It carries the refusal's own code and details. */
export function refusalError(refusal: Refusal): CoreError {
  return new CoreError(refusal.refuse, refusal.details ?? {}, refusal.message);
}

/** The error for a call to a store that was stopped. */
export function storeStopped(): CoreError {
  return new CoreError("ATLAS_CORE_STOPPED", {}, "The store was stopped. Open it again to use it.");
}

/** The refusal for a command that names a missing record. */
export function notFound(kind: string, id: string): Refusal {
  const code: CoreErrorCode = "ATLAS_CORE_NOT_FOUND";
  return { refuse: code, message: `There is no ${kind} "${id}".`, details: { id } };
}

/**
 * Tells whether a value is a `CoreError`. With a `code`, it must also have that code, and `details` is typed by it.
 * Recognises errors of every copy of this package that the process has loaded.
 *
 * @example
 * ```ts
 * const error: unknown = new CoreError("ATLAS_CORE_NOT_FOUND", { id: "e1" }, "There is no entity \"e1\".");
 * assert.equal(isCoreError(error, "ATLAS_CORE_NOT_FOUND") && error.details.id, "e1");
 * ```
 */
export function isCoreError(error: unknown): error is CoreError;
export function isCoreError<Code extends CoreErrorCode>(error: unknown, code: Code): error is CoreError<Code>;
export function isCoreError(error: unknown, code?: CoreErrorCode): boolean {
  if (typeof error !== "object" || error === null || !(brand in error)) return false;
  return code === undefined || (error as { readonly code?: unknown }).code === code;
}
