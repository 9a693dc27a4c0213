import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLine, type Report, type Unit } from "../line.ts";
import { fillGrown } from "./fill-grown.ts";
import { measureStart, type Start } from "./measure-start.ts";

const ROUNDS = 5;
const SMALL = 10_000;
const SIZES = [100_000, 1_000_000];

/**
 * How a start grows with the file: so many commands in the journal, as many finished jobs with a result, and as many delivered
 * events, after a clean end and after a kill. The reference is the same with ten thousand of each.
 */
export async function benchGrownStart(folder: string, report: Report): Promise<void> {
  const pathOf = (rows: number): string => join(folder, `grown-${rows}.db`);
  const sizes = [SMALL, ...SIZES];
  for (const rows of sizes) {
    await fillGrown(pathOf(rows), rows);
    // The first start after a fill reads what is not in the disk's cache.
    await measureStart("grown", pathOf(rows));
  }
  for (const after of ["a clean end", "a kill"] as const) {
    const starts = new Map<number, Start[]>(sizes.map((rows) => [rows, []]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [rows, measured] of starts) {
        if (after === "a kill") writeFileSync(`${pathOf(rows)}.owner`, '{"pid":1}');
        measured.push(await measureStart("grown", pathOf(rows)));
      }
    }
    for (const rows of SIZES) {
      const line = (what: string, unit: Unit, of: (start: Start) => number): void =>
        report(
          createLine({
            bench: "core-growth",
            metric: `start after ${after}, ${rows.toLocaleString("en")} of each, ${what}`,
            unit,
            ours: (starts.get(rows) ?? []).map(of),
            reference: `${SMALL.toLocaleString("en")} of each`,
            referenceValues: (starts.get(SMALL) ?? []).map(of),
            durability: "FULL",
          }),
        );
      line("time", "ms", ({ createMs, startMs }) => createMs + startMs);
      line("processor", "ms", ({ openCpuMs }) => openCpuMs);
      line("longest hold, processor", "ms", ({ heldCpuMs }) => heldCpuMs ?? Number.NaN);
      line("memory", "MiB", ({ rssMib }) => rssMib);
    }
  }
}
