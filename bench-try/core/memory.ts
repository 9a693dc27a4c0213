import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { createLine, type Report } from "../line.ts";

const ROUNDS = 5;
const COMMANDS = 100_000;

/** What {@link COMMANDS} commands that wait for a locked database weigh, against the commands alone in a list. */
export async function benchMemory(folder: string, report: Report): Promise<void> {
  const ours: number[] = [];
  const alone: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--expose-gc",
      "--conditions=@atlas/source",
      join(import.meta.dirname, "memory-process.ts"),
      join(folder, `memory-${round}.db`),
      String(COMMANDS),
    ]);
    const measured = JSON.parse(stdout) as { readonly queuedMib: number; readonly aloneMib: number };
    ours.push(measured.queuedMib);
    alone.push(measured.aloneMib);
  }
  report(
    createLine({
      bench: "core",
      metric: `memory, ${COMMANDS.toLocaleString("en")} commands queued`,
      unit: "MiB",
      ours,
      reference: "the commands alone",
      referenceValues: alone,
      durability: "FULL",
    }),
  );
}
