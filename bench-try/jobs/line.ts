import { createLine, type Line, type Unit } from "../line.ts";

/** A result of the jobs benches. */
export function lineOf(
  metric: string,
  unit: Unit,
  ours: readonly number[],
  reference: { readonly name: string; readonly durability: string; readonly values: readonly number[] },
): Line {
  return createLine({
    bench: "jobs",
    metric,
    unit,
    ours,
    reference: reference.name,
    referenceValues: reference.values,
    durability: reference.durability,
  });
}

/** How long it takes, in milliseconds. */
export async function time(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
