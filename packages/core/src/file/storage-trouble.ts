import type { FailureReason } from "../contract/health.ts";
import type { FileLoss } from "./file-watch.ts";

/** What a failing SQLite call means for the store. */
export type TroubleKind = "busy" | "full" | "failed";

/** The storage did not do its part: nothing of the batch in hand may be acknowledged. */
export class StorageTrouble extends Error {
  override readonly name = "StorageTrouble";
  readonly kind: TroubleKind;
  /** SQLite's own code, such as `SQLITE_IOERR_WRITE`. */
  readonly sqlite: string;
  /** True when the commit itself failed, so that nobody can know whether it happened. */
  readonly duringCommit: boolean;

  constructor(cause: unknown, options: { readonly kind: TroubleKind; readonly duringCommit: boolean }) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.kind = options.kind;
    this.sqlite = sqliteCode(cause) ?? "";
    this.duringCommit = options.duringCommit;
  }
}

const KINDS: readonly (readonly [prefix: string, kind: TroubleKind])[] = [
  ["SQLITE_BUSY", "busy"],
  ["SQLITE_LOCKED", "busy"],
  ["SQLITE_FULL", "full"],
  ["SQLITE_IOERR", "failed"],
  ["SQLITE_CORRUPT", "failed"],
  ["SQLITE_NOTADB", "failed"],
  ["SQLITE_NOMEM", "failed"],
  ["SQLITE_INTERRUPT", "failed"],
  ["SQLITE_READONLY", "failed"],
  ["SQLITE_CANTOPEN", "failed"],
  ["SQLITE_PROTOCOL", "failed"],
];

const REASONS: readonly (readonly [prefix: string, reason: FailureReason])[] = [
  ["SQLITE_IOERR", "io"],
  ["SQLITE_CORRUPT", "corrupt"],
  ["SQLITE_NOTADB", "not a database"],
  ["SQLITE_READONLY", "read-only"],
];

/** The file is no longer this store's: opening it again would not help. */
export class FileLost extends Error {
  override readonly name = "FileLost";
  readonly loss: FileLoss;

  constructor(loss: FileLoss) {
    super(loss.message);
    this.loss = loss;
  }
}

/** What a code of SQLite says of a storage that failed for good. */
export function failureReason(sqlite: string): FailureReason {
  return REASONS.find(([prefix]) => sqlite.startsWith(prefix))?.[1] ?? "other";
}

/** SQLite's code of an error that a driver threw, or nothing for any other error. */
export function sqliteCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as { readonly code?: unknown }).code : undefined;
  return typeof code === "string" && code.startsWith("SQLITE_") ? code : undefined;
}

/** The kind of storage trouble that an error tells of; nothing when the statement itself was wrong. */
export function troubleKind(error: unknown): TroubleKind | undefined {
  const code = sqliteCode(error);
  return code === undefined ? undefined : KINDS.find(([prefix]) => code.startsWith(prefix))?.[1];
}
