/** Why a store cannot write any more. */
export type FailureReason =
  /** The disk could not be read or written. */
  | "io"
  /** The file is damaged. */
  | "corrupt"
  /** The file is not an SQLite database any more. */
  | "not a database"
  /** The file, its folder or its file system is read-only. */
  | "read-only"
  /** The file or its lock was renamed, deleted or replaced while the store had it open. */
  | "moved"
  /** Another process has taken over the database. */
  | "taken"
  | "other";

/** The state of a store. Reading works in every state, as far as the disk allows. */
export type Health =
  | { readonly status: "ok" }
  /** Writes fail and are retried. Nothing is lost. */
  | {
      readonly status: "degraded";
      readonly reason: "busy" | "full";
      readonly since: string;
      readonly message: string;
    }
  /** The store cannot write any more. Check the disk, then open the store again. */
  | {
      readonly status: "failed";
      readonly reason: FailureReason;
      readonly since: string;
      readonly message: string;
    }
  | { readonly status: "stopped" };
