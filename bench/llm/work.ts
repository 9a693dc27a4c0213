import { createLine, type Line, type Unit } from "../line.ts";
import type { Contestant } from "../measure.ts";
import { CHUNKS, createModel, forgetCalls } from "./model.ts";

/** A contestant that asks the model without Atlas. */
export function bare(
  work: (model: ReturnType<typeof createModel>) => Promise<readonly number[]>,
): Contestant {
  const model = createModel();
  return { slice: () => work(model).finally(() => forgetCalls(model)) };
}

/** Does the work so many times, one after the other, and returns how long it all took. */
export async function repeat(times: number, work: () => PromiseLike<unknown>): Promise<readonly number[]> {
  const startedAt = performance.now();
  for (let done = 0; done < times; done += 1) await work();
  return [performance.now() - startedAt];
}

/** Reads a whole stream. */
export async function read(pieces: AsyncIterable<string>): Promise<void> {
  let count = 0;
  for await (const _ of pieces) count += 1;
  if (count !== CHUNKS) throw new Error(`The stream had ${count} pieces instead of ${CHUNKS}.`);
}

/** The line of a figure without durability. */
export function lineOf(
  metric: string,
  unit: Unit,
  ours: readonly number[],
  reference: { readonly name: string; readonly values: readonly number[] },
): Line {
  return createLine({
    bench: "llm",
    metric,
    unit,
    ours,
    reference: reference.name,
    referenceValues: reference.values,
    durability: "none",
  });
}
