import { query } from "../contract/statement.ts";
import type { Connection } from "../file/connection.ts";
import type { BookkeepingTables, JournalRow } from "../model/bookkeeping.ts";

const ROWS_AT_ONCE = 500;

const selectRows = query<BookkeepingTables, { after: number; through: number; limit: number }>()((db, p) =>
  db
    .selectFrom("journal")
    .selectAll()
    .where("seq", ">", p.after)
    .where("seq", "<=", p.through)
    .orderBy("seq")
    .limit(p.limit),
);

/** The journal in order, a block of rows at a time; nothing is held open between two blocks. */
export function* readJournal(
  connection: Connection,
  range: { readonly after: number; readonly through: number },
): Generator<readonly JournalRow[]> {
  let { after } = range;
  const next = connection.prepared(selectRows);
  while (after < range.through) {
    // Only the writer and a replay write there.
    const rows = next.all({ after, through: range.through, limit: ROWS_AT_ONCE }) as readonly JournalRow[];
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    after = last.seq;
  }
}
