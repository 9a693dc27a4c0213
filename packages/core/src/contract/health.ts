/** What kept the store from writing for good. */
export type FailureReason =
  /** The disk could not be read or written. */
  | "io"
  /** The file is damaged. */
  | "corrupt"
  /** The file is no SQLite database any more. */
  | "not a database"
  /** The file, its folder or its file system can only be read. */
  | "read-only"
  | "other";

/** How the store is. Reading works in every state, as far as the disk lets it. */
export type Health =
  | { readonly status: "ok" }
  /** Writing is held up and retried; nothing is lost. */
  | {
      readonly status: "degraded";
      readonly reason: "busy" | "full";
      readonly since: string;
      readonly message: string;
    }
  /** Writing has ended for good; the store must be opened again, after a look at the disk. */
  | {
      readonly status: "failed";
      readonly reason: FailureReason;
      readonly since: string;
      readonly message: string;
    }
  | { readonly status: "stopped" };
