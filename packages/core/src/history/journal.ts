import { query } from "../contract/statement.ts";
import type { Connection } from "../file/connection.ts";
import type { BookkeepingTables, JournalRow } from "../model/bookkeeping.ts";

const ROWS_AT_ONCE = 500;
// Characters of payload in a block of several rows, so that memory stays bounded however large commands are.
const CHARACTERS_AT_ONCE = 8 * 1024 * 1024;

const selectSizes = query<BookkeepingTables, { after: number; through: number; limit: number }>()((db, p) =>
  db
    .selectFrom("journal")
    .select(["seq", (row) => row.fn<number>("length", ["payload"]).as("size")])
    .where("seq", ">", p.after)
    .where("seq", "<=", p.through)
    .orderBy("seq")
    .limit(p.limit),
);

const selectRows = query<BookkeepingTables, { after: number; through: number }>()((db, p) =>
  db
    .selectFrom("journal")
    .selectAll()
    .where("seq", ">", p.after)
    .where("seq", "<=", p.through)
    .orderBy("seq"),
);

/** The journal in order, a block of at most 500 rows and about 8 MiB at a time. Nothing is held open between two blocks. */
export function* readJournal(
  connection: Connection,
  range: { readonly after: number; readonly through: number },
): Generator<readonly JournalRow[]> {
  let { after } = range;
  const sizes = connection.prepared(selectSizes);
  const next = connection.prepared(selectRows);
  while (after < range.through) {
    // The columns that the query names.
    const sized = sizes.all({ after, through: range.through, limit: ROWS_AT_ONCE }) as readonly Sized[];
    const through = lastThatFits(sized);
    if (through === undefined) return;
    // Only the writer and a replay write there.
    yield next.all({ after, through }) as readonly JournalRow[];
    after = through;
  }
}

interface Sized {
  readonly seq: number;
  readonly size: number;
}

/** The number of the last row of a block: always one row, and more while they fit. Nothing without rows. */
function lastThatFits(rows: readonly Sized[]): number | undefined {
  let total = 0;
  let last: number | undefined;
  for (const { seq, size } of rows) {
    total += size;
    if (last !== undefined && total > CHARACTERS_AT_ONCE) break;
    last = seq;
  }
  return last;
}
