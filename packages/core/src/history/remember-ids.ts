import { setImmediate as turn } from "node:timers/promises";
import type { Committed } from "../contract/command.ts";
import type { SqliteDatabase } from "../file/driver.ts";
import { inTransaction } from "../file/transaction.ts";
import { readCounters } from "../writing/counters.ts";

const ROWS_AT_ONCE = 500;

interface Row {
  readonly command_id: string;
  readonly fingerprint: string;
  readonly receipts: string;
  readonly committed_at: string;
}

/**
 * Copies the ids of commands that a replayed database has applied, up to `through`: a journal does not hold all of what is
 * remembered with them. A command that changed nothing has no number, so its id goes along only with the whole journal.
 */
export async function rememberIds(
  from: SqliteDatabase,
  to: SqliteDatabase,
  { through, signal }: { readonly through: number; readonly signal: AbortSignal },
): Promise<void> {
  const isWhole = through === readCounters(from).nextCommand - 1;
  const select = from.prepare<[string, number], Row>(
    "select command_id, fingerprint, receipts, committed_at from command_ids where command_id > ? order by command_id limit ?",
  );
  const insert = to.prepare(
    "insert or replace into command_ids (command_id, fingerprint, receipts, committed_at) values (?, ?, ?, ?)",
  );
  const keep = (rows: readonly Row[]): void => {
    for (const row of rows) {
      const last = lastSeq(row);
      if (last === 0 ? isWhole : last <= through)
        insert.run(row.command_id, row.fingerprint, row.receipts, row.committed_at);
    }
  };
  for (let after = ""; ; ) {
    const rows = select.all(after, ROWS_AT_ONCE);
    const last = rows.at(-1);
    if (last === undefined) return;
    inTransaction(to, () => keep(rows));
    after = last.command_id;
    await turn();
    signal.throwIfAborted();
  }
}

/** The last number among the receipts; 0 where nothing was changed. */
function lastSeq({ receipts }: Row): number {
  // Only the writer of command ids writes there.
  return Math.max(0, ...(JSON.parse(receipts) as readonly Committed[]).map(({ seq }) => seq));
}
