import { monitorEventLoopDelay } from "node:perf_hooks";
import { createStore, type Store, silentLogger, systemClock } from "@atlas/core";
import { type PluginsModule, pluginsModule } from "@atlas/plugins";
import { createLine, type Report, type Unit } from "./line.ts";

/** What the parts of a runner get from their host. */
export const host = { clock: systemClock, log: silentLogger };

/** A store as a gateway opens it for its plugins; without a journal, so that a million events are filled in sooner. */
export function openPluginsStore(database: string): Promise<PluginsStore> {
  return createStore({ database, modules: [pluginsModule], log: silentLogger, journal: false });
}

/** The store that {@link openPluginsStore} opens. */
export type PluginsStore = Store<PluginsModule>;

/** How long some work takes, and by how much the latest turn of the event loop came too late meanwhile, in milliseconds. */
export async function timeWithLateness(
  work: () => Promise<unknown>,
): Promise<{ readonly tookMs: number; readonly lateMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const begunAt = performance.now();
  await work();
  const tookMs = performance.now() - begunAt;
  delay.disable();
  return { tookMs, lateMs: delay.max / 1e6 };
}

/** Reports figures of one round each, against the same without what is measured. */
export function reportOnce(
  report: Report,
  of: { readonly bench: string; readonly reference: string },
): (metric: string, unit: Unit, ours: number, reference: number) => void {
  return (metric, unit, ours, reference) =>
    report(
      createLine({
        bench: of.bench,
        metric,
        unit,
        durability: "FULL",
        ours: [ours],
        reference: of.reference,
        referenceValues: [reference],
      }),
    );
}

/** The value that this share of the values does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;
}
