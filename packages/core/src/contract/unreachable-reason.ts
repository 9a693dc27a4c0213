/** Why a past state of the database cannot be rebuilt. */
export type UnreachableReason =
  /** No command has this number yet. */
  | "future"
  /** Other modules, module versions or migrations were installed then than are installed now. */
  | "modules changed"
  /** Commands are missing from the journal: it was pruned, switched off or altered. */
  | "journal incomplete"
  /** The copy that the epoch starts from is no longer beside the database. */
  | "baseline missing"
  /** The copy that the epoch starts from was modified. */
  | "baseline altered"
  /** A command in the journal can no longer be applied. */
  | "diverged";
