import type Database from "better-sqlite3";

/** Inserts one row for each draft; `write` appends the values of a row, in the order of the columns. */
export type RowsInsert = <Draft>(
  drafts: readonly Draft[],
  write: (draft: Draft, values: unknown[]) => void,
) => void;

// More rows a statement bring nothing, fewer cost up to 1.3x.
const ROWS_PER_INSERT = 25;

/** Inserts many rows with few statements. Rows that may violate a constraint do not belong here. */
export function createRowsInsert(
  database: Database.Database,
  table: string,
  columns: readonly string[],
): RowsInsert {
  const row = `(${columns.map(() => "?").join(", ")})`;
  const bySize = Array.from({ length: ROWS_PER_INSERT }, (_, index) => {
    const rows = Array.from({ length: index + 1 }, () => row).join(", ");
    return database.prepare<unknown[]>(`insert into ${table} (${columns.join(", ")}) values ${rows}`);
  });
  return (drafts, write) => {
    for (let start = 0; start < drafts.length; start += ROWS_PER_INSERT) {
      const chunk = drafts.slice(start, start + ROWS_PER_INSERT);
      const values: unknown[] = [];
      for (const draft of chunk) write(draft, values);
      bySize[chunk.length - 1]?.run(...values);
    }
  };
}
