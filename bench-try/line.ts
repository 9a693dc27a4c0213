import { median } from "./measure.ts";

/** What a figure is counted in: of `1/s` more is better, of `ms`, `µs` and `MiB` less. */
export type Unit = "1/s" | "ms" | "µs" | "MiB";

/** One result, as `--json` prints it. */
export interface Line {
  readonly bench: string;
  readonly metric: string;
  readonly unit: Unit;
  /** Median over the rounds. */
  readonly ours: number;
  readonly reference: string;
  readonly reference_value: number;
  /** Median of the ratios within one round; above 1 Atlas is better, whatever the unit. */
  readonly ratio: number;
  readonly durability: string;
  readonly rounds: number;
  /** The least and the greatest of the rounds. */
  readonly ours_spread: Spread;
  readonly reference_spread: Spread;
  readonly ratio_spread: Spread;
}

/** Least and greatest value. */
export type Spread = readonly [min: number, max: number];

/** Where the lines of a bench go. */
export type Report = (line: Line) => void;

/** Makes the line of a metric from both figures of each round. */
export function createLine(options: {
  readonly bench: string;
  readonly metric: string;
  readonly unit: Unit;
  readonly durability: string;
  readonly ours: readonly number[];
  readonly reference: string;
  readonly referenceValues: readonly number[];
}): Line {
  const { bench, metric, unit, durability, ours, reference, referenceValues } = options;
  const ratios = ours.map((value, round) => {
    const other = referenceValues[round] ?? Number.NaN;
    return unit === "1/s" ? value / other : other / value;
  });
  return {
    bench,
    metric,
    unit,
    ours: rounded(median(ours)),
    reference,
    reference_value: rounded(median(referenceValues)),
    ratio: rounded(median(ratios)),
    durability,
    rounds: ours.length,
    ours_spread: spread(ours),
    reference_spread: spread(referenceValues),
    ratio_spread: spread(ratios),
  };
}

const WIDTHS = [37, 32, 25, 32, 19, 10, 6];

/** A line as a row of the table, below {@link tableHead}. */
export function tableRow(line: Line): string {
  return row([
    line.metric,
    `${withUnit(line.ours, line.unit)} ${spreadText(line.ours_spread)}`,
    line.reference,
    `${withUnit(line.reference_value, line.unit)} ${spreadText(line.reference_spread)}`,
    `${line.ratio} ${spreadText(line.ratio_spread)}`,
    line.durability,
    String(line.rounds),
  ]);
}

/** The head of the table: a Markdown table, so that it can be pasted into a document. */
export const tableHead: string = [
  row(["metric", "ours", "reference", "reference value", "ratio", "durability", "rounds"]),
  row(["---", "---", "---", "---", "---", "---", "---"]),
].join("\n");

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell, column) => cell.padEnd(WIDTHS[column] ?? 0)).join(" | ")} |`;
}

function spread(values: readonly number[]): Spread {
  return [rounded(Math.min(...values)), rounded(Math.max(...values))];
}

function spreadText([min, max]: Spread): string {
  return `[${min.toLocaleString("en")}–${max.toLocaleString("en")}]`;
}

function withUnit(value: number, unit: Unit): string {
  return unit === "1/s" ? `${value.toLocaleString("en")}/s` : `${value.toLocaleString("en")} ${unit}`;
}

/** Three significant digits, and no fraction of what is counted in hundreds. */
function rounded(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
