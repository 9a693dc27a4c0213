import { cutToWidth, textWidth } from "./text-width.ts";
import { visible } from "./visible.ts";

/** One column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | undefined;
  readonly align?: "left" | "right";
  /** Colours a cell that has its final width. */
  readonly paint?: (cell: string, row: Row) => string;
}

const GAP = "  ";
// A column is not cut further than this, even where the terminal is too narrow then.
const LEAST_WIDTH = 8;

/**
 * Lines of a table with a title above each column. Without a `width`, no cell is cut. With one, the widest columns are, so that a line
 * fits.
 */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  {
    width,
    paintTitle = (title) => title,
  }: { readonly width?: number | undefined; readonly paintTitle?: (title: string) => string } = {},
): readonly string[] {
  const cells = rows.map((row) => columns.map(({ value }) => visible(String(value(row) ?? "-"))));
  const widths = fit(
    columns.map(({ title }, index) =>
      Math.max(textWidth(title), ...cells.map((row) => textWidth(row[index] ?? ""))),
    ),
    width,
  );
  const padded = (text: string, index: number): string => {
    const cut = cutToWidth(text, widths[index] ?? 0);
    const space = " ".repeat((widths[index] ?? 0) - textWidth(cut));
    return columns[index]?.align === "right" ? space + cut : cut + space;
  };
  const titles = columns
    .map(({ title }, index) => padded(title, index))
    .join(GAP)
    .trimEnd();
  return [
    paintTitle(titles),
    ...cells.map((row, number) =>
      row
        .map((cell, index) => {
          const paint = columns[index]?.paint;
          const text = padded(cell, index);
          // Spaces at the end of a line would break it where the terminal is exactly as wide.
          const last = index === row.length - 1 ? text.trimEnd() : text;
          return paint === undefined ? last : paint(last, rows[number] as Row);
        })
        .join(GAP),
    ),
  ];
}

/** Takes columns from the widest column until a line fits. */
function fit(natural: readonly number[], width: number | undefined): readonly number[] {
  const widths = [...natural];
  if (width === undefined) return widths;
  let over = widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1)) - width;
  while (over > 0) {
    const widest = widths.indexOf(Math.max(...widths));
    const most = widths[widest] ?? 0;
    if (most <= LEAST_WIDTH) break;
    widths[widest] = most - 1;
    over -= 1;
  }
  return widths;
}
