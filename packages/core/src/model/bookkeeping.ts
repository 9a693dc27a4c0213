/** The columns of `journal`: one applied command. Replaying the rows in order gives the same tables. */
export interface JournalRow {
  seq: number;
  /** The caller's id of the command or unit; null if none was given. */
  command_id: string | null;
  type: string;
  /** Canonical JSON: the command's fields after `prepare`, without its type. */
  payload: string;
  actor: string;
  /** Canonical JSON of a `Cause`. */
  cause: string | null;
  enqueued_at: string;
  /** Canonical JSON of a `CallContext`. */
  context: string | null;
}

/** The columns of `refused_commands`: the type and the reason of a refused command, but not its content. */
export interface RefusedCommandRow {
  seq: number;
  refused_at: string;
  type: string;
  actor: string;
  code: string;
  message: string;
  /** SHA-256 of the command's canonical JSON; null if it was not JSON. */
  fingerprint: string | null;
}

/** Why a new epoch of the journal began. */
export type EpochReason = "created" | "migrated" | "modules changed" | "journal resumed" | "pruned";

/** The columns of `epochs`: a part of the journal that one set of modules wrote. */
export interface EpochRow {
  /** The first command of the epoch, with which a replay starts. */
  first_seq: number;
  /** Of the modules that were installed: names, versions, migrations. */
  fingerprint: string;
  reason: EpochReason;
  /** File name of the copy of the database that a replay starts from; null if it starts from an empty one. */
  baseline: string | null;
  /** The digest of that copy. */
  digest: string | null;
  started_at: string;
}

/** The columns of `store_earlier_ids`: an id that the store had before it was restored or replayed. */
interface EarlierIdRow {
  /** The last domain event that has the id in its own; the first one follows that of the row before. */
  through_seq: number;
  id: string;
}

/** The store's own tables: not part of what a replay rebuilds. */
export interface BookkeepingTables {
  store: { only: number; id: string; next_command_seq: number; next_event_seq: number };
  store_earlier_ids: EarlierIdRow;
  journal: JournalRow;
  epochs: EpochRow;
  refused_commands: RefusedCommandRow;
  command_ids: { command_id: string; fingerprint: string; receipts: string; committed_at: string };
  schema_migrations: { module: string; name: string; checksum: string; applied_at: string };
}

const names: Record<keyof BookkeepingTables, true> = {
  store: true,
  store_earlier_ids: true,
  journal: true,
  epochs: true,
  refused_commands: true,
  command_ids: true,
  schema_migrations: true,
};

/** The names of the store's own tables. */
export const bookkeepingTables: ReadonlySet<string> = new Set(Object.keys(names));
