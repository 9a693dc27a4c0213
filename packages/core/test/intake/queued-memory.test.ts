import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

interface Measured {
  readonly shape: string;
  readonly real: number;
  readonly counted: number;
}

it("counts for a queued command what it really takes in memory, within a factor of two, whatever its shape", () => {
  const program = join(import.meta.dirname, "../fixtures/queued-memory.ts");
  const output = execFileSync(process.execPath, ["--expose-gc", program], { encoding: "utf8" });
  const measured = JSON.parse(output) as readonly Measured[];
  expect(measured.length).toBeGreaterThan(10);
  const ratios = measured.map(({ shape, real, counted }) => [shape, real / counted] as const);
  expect(ratios.filter(([, ratio]) => ratio > 2 || ratio < 0.5)).toEqual([]);
});
