import type { SqliteDatabase } from "../file/driver.ts";

/** Inserts one row for each draft. */
export type RowsInsert<Draft> = (drafts: readonly Draft[]) => void;

/** How a draft becomes a row. Each `write` appends values in the order of its columns. */
export interface RowFormat<Draft> {
  readonly columns: readonly string[];
  readonly write: (draft: Draft, values: unknown[]) => void;
  /** Columns that are null in most rows. Binding a null costs as much as binding a value, so they are left out where they can be. */
  readonly rareColumns: readonly string[];
  readonly hasRare: (draft: Draft) => boolean;
  readonly writeRare: (draft: Draft, values: unknown[]) => void;
}

type Insert = (values: readonly unknown[], rows: number) => void;

// More rows a statement bring nothing, fewer cost up to 1.3x.
const ROWS_PER_INSERT = 25;

/** Inserts many rows with few statements. Rows that may violate a constraint do not belong here. */
export function createRowsInsert<Draft>(
  database: SqliteDatabase,
  table: string,
  { columns, write, rareColumns, hasRare, writeRare }: RowFormat<Draft>,
): RowsInsert<Draft> {
  const insertNarrow = createInsert(database, table, columns);
  let insertWide: Insert | undefined;
  // Prepared when the first such row comes: many stores never have one.
  const wide = (): Insert => {
    insertWide ??= createInsert(database, table, [...columns, ...rareColumns]);
    return insertWide;
  };
  return (drafts) => {
    for (let start = 0; start < drafts.length; start += ROWS_PER_INSERT) {
      const chunk = drafts.slice(start, start + ROWS_PER_INSERT);
      const isWide = chunk.some(hasRare);
      const values: unknown[] = [];
      for (const draft of chunk) {
        write(draft, values);
        if (isWide) writeRare(draft, values);
      }
      (isWide ? wide() : insertNarrow)(values, chunk.length);
    }
  };
}

/** Statements for 1 to 25 rows of these columns. */
function createInsert(database: SqliteDatabase, table: string, columns: readonly string[]): Insert {
  const row = `(${columns.map(() => "?").join(", ")})`;
  const bySize = Array.from({ length: ROWS_PER_INSERT }, (_, index) => {
    const rows = Array.from({ length: index + 1 }, () => row).join(", ");
    return database.prepare<unknown[]>(`insert into ${table} (${columns.join(", ")}) values ${rows}`);
  });
  return (values, rows) => void bySize[rows - 1]?.run(...values);
}
