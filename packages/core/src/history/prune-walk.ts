import { setImmediate as turn } from "node:timers/promises";
import type { Connection } from "../file/connection.ts";
import { examinedRows, MAX_AWAITED } from "../model/prune.ts";
import { manyUndelivered, type Removal, type RowKey } from "../model/removals.ts";

// What one command removes: some milliseconds of work, so that others are written in between.
const REMOVED_AT_ONCE = 250;
// With a job goes what modules store for it: up to 200 lines of its log alone.
const JOBS_REMOVED_AT_ONCE = 50;

/** Which rows of a kind go, and how they are removed. */
export interface PruneWalk {
  readonly reader: Connection;
  readonly removal: Removal;
  readonly before: string;
  /** Removes the old rows that come after a key, or the first ones, at most `limit` of them. */
  readonly remove: (place: { readonly limit: number; readonly after?: RowKey }) => Promise<unknown>;
}

/**
 * Removes all old rows of a kind, and resolves with whether there were any. It goes through the table part by part and sends a
 * command only where a part has something to remove. The event loop has a turn after each part. The place is remembered, so
 * what stays is looked at once, however much of it there is.
 */
export async function pruneWalk(walk: PruneWalk): Promise<boolean> {
  const { reader, removal, before } = walk;
  if (removal.findAny !== undefined && reader.prepared(removal.findAny).get({ before }) === undefined) {
    return false;
  }
  let removed = false;
  // A parent can go after its last child, whose key may come later.
  while (await pass(walk)) {
    removed = true;
    if (removal.table !== "jobs") break;
  }
  return removed;
}

/** True when more events are undelivered than a prune looks at. Then it keeps whatever one may name. */
export function keepsForSinks(reader: Connection, removal: Removal): boolean {
  return removal.isAwaited && reader.prepared(manyUndelivered).get({ awaited: MAX_AWAITED }) !== undefined;
}

async function pass({ reader, removal, before, remove }: PruneWalk): Promise<boolean> {
  const measure = reader.prepared(removal.measure);
  const find = reader.prepared(removal.find);
  const limit = removal.table === "jobs" ? JOBS_REMOVED_AT_ONCE : REMOVED_AT_ONCE;
  const examine = examinedRows(limit);
  let after = removal.start;
  for (let removed = false; ; ) {
    // The columns that the query names.
    const { last, rows } = measure.get({ after, examine }) as { last: RowKey | null; rows: number };
    if (last === null) return removed;
    const values = { before, after, examine, limit, awaited: MAX_AWAITED };
    const found = find.all(values) as readonly { readonly key: RowKey }[];
    if (found.length > 0) {
      await remove(after === removal.start ? { limit } : { limit, after });
      removed = true;
    }
    const isPartDone = found.length < limit;
    if (isPartDone && rows < examine) return removed;
    after = isPartDone ? last : (found.at(-1)?.key ?? last);
    await turn();
  }
}
