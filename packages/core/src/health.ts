/** How the store is. Reading works in every state. */
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
  | { readonly status: "failed"; readonly since: string; readonly message: string }
  | { readonly status: "stopped" };
