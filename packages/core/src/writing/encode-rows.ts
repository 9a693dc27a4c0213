/** Rows of one table, ready to be bound. */
export interface EncodedRows {
  readonly shape: RowShape;
  readonly rows: number;
  /** The values of the first row in the order of the columns, then those of the next. */
  readonly values: readonly unknown[];
}

/** The table and the columns of rows. One object each, so that an engine can keep its statements by it. */
export interface RowShape {
  readonly table: string;
  readonly columns: readonly string[];
}

/** How a draft becomes a row. Each `write` appends values in the order of its columns. */
export interface RowFormat<Draft> {
  readonly table: string;
  readonly columns: readonly string[];
  readonly write: (draft: Draft, values: unknown[]) => void;
  /** Columns that are null in most rows. Binding a null costs as much as binding a value, so they are left out where they can be. */
  readonly rareColumns: readonly string[];
  readonly hasRare: (draft: Draft) => boolean;
  readonly writeRare: (draft: Draft, values: unknown[]) => void;
}

// More rows a statement bring nothing, fewer cost up to 1.3x.
export const ROWS_PER_INSERT = 25;

/** Encodes drafts as rows, at most 25 in one piece. */
export interface RowEncoder<Draft> {
  readonly encode: (drafts: readonly Draft[]) => readonly EncodedRows[];
  /** The rows without rare columns. */
  readonly usual: RowShape;
}

export function createRowEncoder<Draft>(format: RowFormat<Draft>): RowEncoder<Draft> {
  const { table, columns, write, rareColumns, hasRare, writeRare } = format;
  const usual: RowShape = { table, columns };
  const wide: RowShape = { table, columns: [...columns, ...rareColumns] };
  const encode = (drafts: readonly Draft[]): readonly EncodedRows[] => {
    const encoded: EncodedRows[] = [];
    for (let start = 0; start < drafts.length; start += ROWS_PER_INSERT) {
      const piece = drafts.slice(start, start + ROWS_PER_INSERT);
      const isWide = piece.some(hasRare);
      const values: unknown[] = [];
      for (const draft of piece) {
        write(draft, values);
        if (isWide) writeRare(draft, values);
      }
      encoded.push({ shape: isWide ? wide : usual, rows: piece.length, values });
    }
    return encoded;
  };
  return { encode, usual };
}
