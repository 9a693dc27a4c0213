import { statSync } from "node:fs";
import type { Committed } from "../contract/command.ts";
import { didYouMean } from "../contract/nearest.ts";
import type { Connection } from "../file/connection.ts";
import { type PrunePolicy, prunePolicy } from "../model/prune.ts";
import type { CoreTables } from "../model/tables.ts";
import { sweepBaselines } from "./begin-epoch.ts";

/** How large a database is. */
export interface DatabaseSize {
  readonly file_bytes: number;
  /** The unused part of the file. It is used again before the file grows. */
  readonly free_bytes: number;
  /** Row counts of the tables that can be pruned. */
  readonly rows: Readonly<Record<PrunedTable, number>>;
}

type PrunedTable = (typeof prunedTables)[number];

/** The size of the database before and after pruning. */
export interface PruneReport {
  readonly before: DatabaseSize;
  readonly after: DatabaseSize;
}

const prunedTables = [
  "domain_events",
  "jobs",
  "artifacts",
  "events",
  "entities",
  "refused_commands",
  "journal",
] as const satisfies readonly (keyof CoreTables)[];

// What one command removes: some milliseconds of work, so that others are written in between.
const ROWS_AT_ONCE = 500;

/** Prunes in many small commands. `beginEpoch` is called where the journal would have to be cut within the present one. */
export async function pruneStore(
  policy: PrunePolicy,
  store: {
    readonly path: string;
    readonly reader: Connection;
    readonly prune: (policy: PrunePolicy, limit: number) => Promise<Committed>;
    readonly beginEpoch: () => Promise<void>;
  },
): Promise<PruneReport> {
  const { path, reader } = store;
  const checked = readPolicy(policy);
  const before = sizeOf(store);
  if (checked.journal_before !== undefined && beganBefore(reader, checked.journal_before)) {
    await store.beginEpoch();
  }
  for (let changed = true; changed; ) ({ changed } = await store.prune(checked, ROWS_AT_ONCE));
  sweepBaselines(reader.database, path);
  return { before, after: sizeOf(store) };
}

function readPolicy(policy: PrunePolicy): PrunePolicy {
  const result = prunePolicy.safeParse(policy);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const unknown = issue?.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  throw new TypeError(
    unknown === undefined
      ? `prune: "${issue?.path.join(".")}" ${issue?.message}.`
      : `prune: "${unknown}" cannot be pruned.${didYouMean(unknown, Object.keys(prunePolicy.shape))}`,
  );
}

/** True when the present epoch has an entry from before the time. */
function beganBefore({ database }: Connection, time: string): boolean {
  const first = database
    .prepare<[], string>(
      "select enqueued_at from journal where seq >= (select max(first_seq) from epochs) order by seq limit 1",
    )
    .pluck()
    .get();
  return first !== undefined && first < time;
}

function sizeOf({ path, reader }: { readonly path: string; readonly reader: Connection }): DatabaseSize {
  const { database } = reader;
  const pragma = (name: string): number => Number(database.pragma(name, { simple: true }));
  const count = (table: PrunedTable): number =>
    Number(database.prepare(`select count(*) from ${table}`).pluck().get());
  return {
    file_bytes: statSync(path).size,
    free_bytes: pragma("freelist_count") * pragma("page_size"),
    // Every table of the list, in its order.
    rows: Object.fromEntries(prunedTables.map((table) => [table, count(table)])) as Record<
      PrunedTable,
      number
    >,
  };
}
